import type { Address } from "../../runtime/address.ts";
import { FaultPlan, type Faults, faultsSchema } from "../faults.ts";
import { listen, type SimulatedAnswer } from "../http.ts";
import { type DeskAnswer, noteJson } from "./answers.ts";
import { indexPage, pagePolicy, requestPage } from "./page.ts";
import { serviceDeskPlus } from "./servicedesk-plus.ts";
import { DeskState } from "./state.ts";
import { zammad } from "./zammad.ts";

export interface SimulatorOptions {
  /** Which desk; ServiceDesk Plus unless told otherwise. */
  kind?: "servicedesk-plus" | "zammad";
  listen: Address;
  /** State is kept there between runs; made when missing. */
  dataDirectory: string;
  /** The key it takes; undefined: any. */
  key?: string;
  /** An unknown request is an error instead of being made on first touch. */
  strict: boolean;
  faults: Faults;
  /** false: what it was told survives its process, but not a power cut; for measuring what talks to it. */
  isSynced?: boolean;
}

export interface Simulator {
  /** `http://host:port` */
  url: string;
  setFaults(faults: Faults): void;
  stop(): Promise<void>;
}

export interface DeskSimulator extends Simulator {
  /** Whether any request came so far. */
  wasAsked(): boolean;
}

/**
 * A desk over a real socket: ServiceDesk Plus, or Zammad.
 * For people `/` and `/requests/{id}`; for tests `GET /_simulator/requests/{id}` and `GET|PUT /_simulator/faults`.
 * Faults concern the writing of notes: what was written is durable before a delayed or cut answer.
 */
export async function createDeskSimulator(options: SimulatorOptions): Promise<DeskSimulator> {
  const state = new DeskState(options.dataDirectory, options.isSynced ?? true);
  const plan = new FaultPlan(options.faults);
  const product = (options.kind === "zammad" ? zammad : serviceDeskPlus)(state, plan, options);

  let asked = false;
  const server = await listen(options.listen, async (request, url, body): Promise<SimulatedAnswer> => {
    asked = true;
    const control = controlAnswer(request.method ?? "GET", url, body);
    return control ?? product.answer(request, url, body);
  });

  function controlAnswer(method: string, url: URL, body: string): SimulatedAnswer | undefined {
    const [first, second, id] = url.pathname
      .split("/")
      .filter((part) => part !== "")
      .map(decoded);
    if (first === undefined) return page(indexPage(state.allRequests()));
    if (first === "requests" && second !== undefined) {
      const found = state.request(second);
      return found === undefined
        ? { status: 404, body: "" }
        : page(requestPage(found, state.notesOf(second)));
    }
    if (first !== "_simulator") return undefined;
    if (second === "requests" && id === undefined)
      return json({ status: 200, body: { requests: state.allRequests() } });
    if (second === "requests" && id !== undefined)
      return json({
        status: 200,
        body: { request: state.request(id) ?? null, notes: state.notesOf(id).map(noteJson) },
      });
    if (second !== "faults") return { status: 404, body: "" };
    if (method === "PUT") {
      const parsed = faultsSchema.safeParse(parseJson(body));
      if (!parsed.success) return json({ status: 400, body: { issues: parsed.error.issues } });
      plan.set(parsed.data);
    }
    return json({ status: 200, body: plan.current });
  }

  return {
    url: server.url,
    setFaults: (faults) => plan.set(faults),
    wasAsked: () => asked,
    stop: async () => {
      await server.stop();
      state.close();
    },
  };
}

function json({ status, body, headers = {} }: DeskAnswer): SimulatedAnswer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(body),
  };
}

function page(html: string): SimulatedAnswer {
  return {
    status: 200,
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": pagePolicy },
    body: html,
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
