// A person with a browser that has no JavaScript: follows redirects, keeps cookies, fills the provider's forms.
// It stops at the relying party's door and says at which address it stands: nobody has to listen there.

const STEPS = 20;

export class Browser {
  #cookies = new Map();

  constructor(issuer, doors) {
    this.issuer = issuer;
    this.doors = doors;
  }

  // Opens `url` and does whatever the pages ask of `person`, until a relying party's door is reached.
  async goAsFarAsPossible(url, person) {
    let page = await this.#follow(url);
    for (let step = 0; step < STEPS; step++) {
      if (page.door) return page.door;
      page = await this.#answer(page, person);
    }
    throw new Error(`still at ${page.url} after ${STEPS} pages`);
  }

  async #answer(page, person) {
    const problem = /<[^>]*\bid="errors"[^>]*>([\s\S]*?)<\/(?:div|section|p)>/.exec(page.html);
    if (problem) throw new Error(`${page.url} says: ${text(problem[1])}`);
    const form = (field) => forms(page).find((form) => field in form.fields);
    if (form('login')) {
      const { login, password } = person;
      return this.#submit(form('login'), { login, password });
    }
    const giveUp = forms(page).find((form) => form.action.pathname.endsWith('/cancel'));
    if (person.givesUp && giveUp) return this.#submit(giveUp, {});
    if (form('new_password')) {
      const change = form('new_password');
      const answers = { new_password: person.newPassword, confirmation: person.newPassword };
      if ('current_password' in change.fields) answers.current_password = person.password;
      return this.#submit(change, answers);
    }
    const next = tags(page.html, 'a').find((link) => link.id === 'continue');
    if (next) return this.#follow(new URL(next.href, page.url));
    throw new Error(`${page.url} offers no way on: ${text(page.html).slice(0, 300)}`);
  }

  #submit(form, answers) {
    return this.#follow(form.action, new URLSearchParams({ ...form.fields, ...answers }));
  }

  async #follow(start, body) {
    let url = new URL(start);
    for (let hop = 0; hop < STEPS; hop++) {
      if (this.doors.some((door) => url.href.startsWith(door))) return { door: url };
      const response = await fetch(url, {
        method: body ? 'POST' : 'GET',
        body,
        redirect: 'manual',
        headers: { cookie: this.#cookieHeader(), ...(body && { origin: this.issuer }) },
      });
      this.#keepCookies(response);
      const location = response.headers.get('location');
      if (!location) {
        const html = await response.text();
        if (!response.ok && !/<form/.test(html)) {
          throw new Error(`${url} answered ${response.status}: ${text(html).slice(0, 300)}`);
        }
        return { url, html };
      }
      if (![302, 303].includes(response.status)) throw new Error(`${url} redirects with ${response.status}`);
      url = new URL(location, url);
      body = undefined;
    }
    throw new Error(`${start} redirects for ever`);
  }

  #cookieHeader() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  #keepCookies(response) {
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';');
      const at = pair.indexOf('=');
      const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
      const gone = attributes.some((attribute) => /^\s*max-age=(0|-\d+)\s*$/i.test(attribute));
      if (gone) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}

function forms(page) {
  return [...page.html.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/g)].map(([html]) => ({
    action: new URL(tags(html, 'form')[0].action ?? '', page.url),
    fields: Object.fromEntries(
      tags(html, 'input')
        .filter((input) => input.name && !['checkbox', 'submit'].includes(input.type))
        .map((input) => [input.name, input.value ?? '']),
    ),
  }));
}

function tags(html, name) {
  return [...html.matchAll(new RegExp(`<${name}\\b([^>]*)>`, 'g'))].map(([, attributes]) =>
    Object.fromEntries(
      [...attributes.matchAll(/([\w-]+)\s*=\s*"([^"]*)"/g)].map(([, key, value]) => [key, unescape(value)]),
    ),
  );
}

function unescape(value) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return value.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (entity, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return named[name] ?? entity;
  });
}

function text(html) {
  return unescape(html.replace(/<(script|style)[\s\S]*?<\/\1>/g, '').replace(/<[^>]*>/g, ' ')).replace(/\s+/g, ' ').trim();
}
