// A client of the atlas, made from its OpenAPI document. It compiles under --strict, and what it says at run time is so.
import assert from "node:assert";
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

// the document lists CSV and NDJSON beside JSON: this client reads JSON and problems
const client = createClient<paths, "application/json" | "application/problem+json">({ baseUrl: process.argv[2] });

const country = await client.GET("/countries/{code}", { params: { path: { code: "fr" } } });
assert(country.data);
// a column that is NOT NULL needs no look for null, and one that is not does
const code: string = country.data.code;
const name: string = country.data.name;
const official: string = country.data.official_name ?? "none";
assert.deepEqual([code, name], ["FR", "France"]);
assert(official.length > 0);

const listed = await client.GET("/countries", { params: { query: { q: "land", limit: 3 } } });
assert(listed.data);
const codes: string[] = listed.data.map((each) => each.code);
assert.equal(codes.length, 3);

const added = await client.POST("/notes", { body: { country: "fr", body: "from a client", tags: ["typed"] } });
assert.equal(added.response.status, 201);
assert(added.data);
const id: number = Number(added.data.id);
const changed = await client.PATCH("/notes/{id}", { params: { path: { id } }, body: { body: "changed" } });
assert.equal(changed.data?.body, "changed");
const removed = await client.DELETE("/notes/{id}", { params: { path: { id } } });
assert.equal(removed.response.status, 204);

const missing = await client.GET("/countries/{code}", { params: { path: { code: "xx" } } });
assert.equal(missing.response.status, 404);
assert(missing.error);
const problem: { type: string; status: number; detail: string } = missing.error;
assert.equal(problem.status, 404);
console.log("good");
