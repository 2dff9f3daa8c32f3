export interface Me {
  required: boolean;
  user: { name: string; role: string; tenant: string | null; way: string } | null;
  csrfToken: string | null;
}

/** A browser as far as cookies go; it follows no redirect by itself. */
export class Browser {
  readonly origin: string;
  private readonly cookies = new Map<string, string>();

  constructor(origin: string) {
    this.origin = origin;
  }

  async go(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { accept: "text/html", ...(init.headers as Record<string, string> | undefined), cookie };
    const response = await fetch(new URL(path, this.origin), { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line) || /expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  logIn(name: string, text: string, next = "/"): Promise<Response> {
    return this.go("/auth/login", {
      method: "POST",
      headers: { origin: this.origin, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ name, password: text, next }).toString(),
    });
  }

  async me(): Promise<Me> {
    return (await (await this.go("/auth/me")).json()) as Me;
  }

  async status(path: string, init: RequestInit = {}): Promise<number> {
    const response = await this.go(path, init);
    await response.body?.cancel();
    return response.status;
  }

  /** As the console's own page asks for a change. */
  async change(path: string, method = "POST"): Promise<number> {
    const { csrfToken } = await this.me();
    return this.status(path, { method, headers: { origin: this.origin, "x-csrf-token": csrfToken ?? "" } });
  }

  /** The same with a body of JSON; status, and the error's code where it is one. */
  async changeJson(path: string, body: object = {}): Promise<[status: number, code: string | undefined]> {
    const { csrfToken } = await this.me();
    const headers = {
      origin: this.origin,
      "content-type": "application/json",
      "x-csrf-token": csrfToken ?? "",
    };
    return codeOf(await this.go(path, { method: "POST", headers, body: JSON.stringify(body) }));
  }
}

export async function codeOf(response: Response): Promise<[status: number, code: string | undefined]> {
  const body = (await response.json()) as { code?: string };
  return [response.status, response.ok ? undefined : body.code];
}
