// What the pages gain when scripts run: showing a password, ticking the rules, the strength, Caps Lock.
// Nothing here talks to a network: what is being typed leaves the page by its form only.
(() => {
  "use strict";

  const put = (parent, tag, properties, before = null) =>
    parent.insertBefore(Object.assign(document.createElement(tag), properties), before);

  const errors = document.getElementById("errors");
  if (errors) errors.focus();

  // A second press while the server hashes would send the form twice.
  for (const form of document.querySelectorAll("form[data-once]")) {
    let sent = 0;
    form.addEventListener("submit", (event) => {
      if (Date.now() - sent < 5000) event.preventDefault();
      else sent = Date.now();
    });
    addEventListener("pageshow", () => { sent = 0; });
  }

  for (const input of document.querySelectorAll(".secret input")) {
    const { show, hide, shown, hidden, capslock } = input.form.dataset;
    const field = input.closest(".field");
    const label = field.querySelector("label").textContent;

    const button = put(input.parentElement, "button", { type: "button", textContent: show });
    button.setAttribute("aria-controls", input.id);
    const status = put(field, "p", { className: "visually-hidden" });
    status.setAttribute("role", "status");
    const reveal = (visible) => {
      input.type = visible ? "text" : "password";
      button.textContent = visible ? hide : show;
      button.setAttribute("aria-label", `${button.textContent} – ${label}`);
    };
    reveal(false);
    button.addEventListener("click", () => {
      reveal(input.type === "password");
      status.textContent = input.type === "password" ? hidden : shown;
    });
    // A password left visible would be remembered by the browser as ordinary text.
    input.form.addEventListener("submit", () => reveal(false));

    const caps = put(field, "p", { className: "caps" });
    caps.setAttribute("role", "status");
    const warn = (on) => {
      if ((caps.textContent !== "") !== on) caps.textContent = on ? capslock : "";
    };
    for (const type of ["keydown", "keyup", "mousedown"]) {
      input.addEventListener(type, (event) => warn(Boolean(event.getModifierState?.("CapsLock"))));
    }
    input.addEventListener("blur", () => warn(false));
  }

  // The code as it is printed, in groups of four, while it is typed in the password field.
  const code = document.querySelector(".code");
  if (code) {
    const groups = [...code.querySelectorAll("[data-code-echo] span")];
    const sample = groups.map((group) => group.textContent);
    const password = document.getElementById("password");
    const echo = () => {
      const typed = password.value.toUpperCase().replace(/[\s\-‐‑–]/gu, "");
      groups.forEach((group, at) => {
        group.textContent = code.open && typed ? typed.slice(at * 4, at * 4 + 4) : sample[at];
      });
    };
    password.addEventListener("input", echo);
    code.addEventListener("toggle", echo);
  }

  const rules = document.getElementById("rules");
  if (rules) watchRules(rules);

  const limit = document.getElementById("limit");
  if (limit) {
    limit.setAttribute("role", "status");
    setTimeout(() => { limit.textContent = limit.dataset.soon; }, (limit.dataset.minutes - 2) * 60000);
  }

  function watchRules(list) {
    const value = (id) => document.getElementById(id)?.value ?? "";
    const plain = (text) => text.normalize("NFKC").toLowerCase();
    const input = document.getElementById("new_password");
    const meter = document.querySelector(".strength");
    const tally = document.getElementById("tally");
    const names = meter.dataset.names.split("|");
    const login = plain(value("username"));
    const items = [...list.querySelectorAll("[data-rule]")];
    const met = {
      length: (text, { min, max }) => [...text].length >= min && [...text].length <= max,
      upper: (text) => /\p{Uppercase}/u.test(text),
      lower: (text) => /\p{Lowercase}/u.test(text),
      digit: (text) => /\p{N}/u.test(text),
      special: (text) => /[^\p{Alphabetic}\p{N}\p{Cc}]/u.test(text),
      login: (text) => login.length < 3 || !plain(text).includes(login),
      current: (text) => text !== value("current_password").normalize("NFKC"),
    };
    meter.hidden = false;
    for (const item of items) put(item, "span", { className: "visually-hidden" });

    let pause;
    const update = () => {
      const text = input.value.normalize("NFKC");
      let done = 0;
      for (const item of items) {
        const good = text !== "" && met[item.dataset.rule](text, item.dataset);
        done += good;
        item.dataset.state = good ? "done" : "todo";
        item.lastElementChild.textContent = ` (${good ? list.dataset.done : list.dataset.todo})`;
      }
      const level = text === "" ? 0 : strength(text, login);
      meter.dataset.level = level;
      document.getElementById("strength").textContent = names[level - 1] ?? "–";
      // Spoken after a pause, not at each key.
      clearTimeout(pause);
      pause = setTimeout(() => {
        if (text === "") return;
        const missing = items.filter((item) => item.dataset.state === "todo").map((item) => item.firstChild.data);
        const rest = missing.length ? ` ${list.dataset.missing} ${missing.join(", ")}.` : "";
        tally.textContent = `${list.dataset.tally} ${done}/${items.length}.${rest} ${meter.innerText}`;
      }, 900);
    };
    input.addEventListener("input", update);
    document.getElementById("current_password")?.addEventListener("input", update);
    update();
  }

  // 1 weak, 2 fair, 3 strong: how many guesses, roughly, after what everyone tries first is taken off.
  function strength(text, login) {
    const common = ("azerty qwerty qsdf motdepasse password passe bonjour soleil doudou loulou chouchou chocolat "
      + "football marseille paris france college lycee ecole pronote princesse iloveyou jetaime admin secret "
      + "dragon naruto pokemon minecraft fortnite licorne").split(" ");
    let rest = text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "")
      .replace(/[@4]/g, "a").replace(/[3€]/g, "e").replace(/0/g, "o").replace(/[$5]/g, "s");
    for (const word of [login, ...common]) {
      if (word.length > 2) rest = rest.split(word).join("#");
    }
    rest = rest.replace(/(?:19|2[0o])[\do]{2}/g, "#").replace(/(.)\1+/gu, "$1");
    // A run such as abcd or 4321 is worth its two ends.
    let units = 0;
    let last = 0;
    let step = 0;
    for (const sign of rest) {
      const point = sign.codePointAt(0);
      const now = point - last;
      if (!(Math.abs(now) === 1 && now === step)) units += 1;
      step = now;
      last = point;
    }
    let alphabet = 0;
    if (/\p{Ll}/u.test(text)) alphabet += 26;
    if (/\p{Uppercase}/u.test(text)) alphabet += 26;
    if (/\p{Nd}/u.test(text)) alphabet += 10;
    if (/[^\p{L}\p{N}]/u.test(text)) alphabet += 20;
    const bits = units * Math.log2(Math.max(alphabet, 10));
    return bits < 45 ? 1 : bits < 68 ? 2 : 3;
  }
})();
