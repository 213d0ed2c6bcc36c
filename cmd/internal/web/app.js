"use strict";
// The page asks for the phones' state once a second and redraws only what changed.

const phones = document.getElementById("phones");
const status = document.getElementById("status");
const cards = new Map();

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Tocsin-Demo": "1" },
    body: JSON.stringify(body),
  });
  status.textContent = answer.ok ? "" : "That did not work: " + answer.status;
}

function card(phone) {
  const known = cards.get(phone.phone);
  if (known) return known;
  const node = document.getElementById("phone").content.cloneNode(true);
  const section = node.querySelector("section");
  section.querySelector("h2").textContent = phone.name + " · " + phone.phone;
  section.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const input = event.target.elements.body;
    if (!input.value.trim()) return;
    await post("/demo/reply", { phone: phone.phone, body: input.value });
    input.value = "";
    await refresh();
  });
  phones.append(section);
  const made = { section, list: section.querySelector("ol"), shown: "" };
  cards.set(phone.phone, made);
  return made;
}

function draw(phone) {
  const c = card(phone);
  const fingerprint = JSON.stringify(phone.texts);
  if (c.shown === fingerprint) return;
  c.shown = fingerprint;
  c.list.replaceChildren(...phone.texts.map((text) => {
    const item = document.createElement("li");
    item.className = text.mine ? "mine" : "theirs";
    const time = document.createElement("time");
    time.dateTime = text.at;
    time.textContent = new Date(text.at).toLocaleTimeString();
    item.append(text.body, time);
    return item;
  }));
}

async function refresh() {
  try {
    const answer = await fetch("/demo/state");
    (await answer.json()).phones.forEach(draw);
  } catch {
    status.textContent = "The gateway does not answer.";
  }
}

document.querySelector("nav").addEventListener("click", async (event) => {
  const sender = event.target.dataset.send;
  if (sender) {
    await post("/demo/send", { sender });
    await refresh();
  }
});
refresh();
setInterval(refresh, 1000);
