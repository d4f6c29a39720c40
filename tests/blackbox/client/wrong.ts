// None of these compiles: a null is not looked for, a column is not there, a field of the body is missing.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const client = createClient<paths, "application/json" | "application/problem+json">({ baseUrl: "" });
const { data } = await client.GET("/countries/{code}", { params: { path: { code: "fr" } } });
export const official: string = data!.official_name;
export const nothing: string = data!.nothing;
export const added = await client.POST("/notes", { body: { country: "fr" } });
