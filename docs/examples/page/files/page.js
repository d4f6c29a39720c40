const list = document.querySelector("#moons");
const response = await fetch("api/moons");

for (const moon of await response.json()) {
  const item = document.createElement("li");
  item.textContent = `${moon.name}: ${moon.radius_km} km`;
  list.append(item);
}
