import type { Address } from "../../runtime/address.ts";
import { FaultPlan, type Faults, faultsSchema } from "../faults.ts";
import { listen, type SimulatedAnswer } from "../http.ts";
import { type DeskAnswer, faulty, invalidKey, noSuchUrl, noteJson } from "./answers.ts";
import { DeskApi, keyOf } from "./api.ts";
import { indexPage, pagePolicy, requestPage } from "./page.ts";
import { DeskState } from "./state.ts";

export interface SimulatorOptions {
  listen: Address;
  /** State is kept there between runs; made when missing. */
  dataDirectory: string;
  /** The key it takes; undefined: any. */
  key?: string;
  /** An unknown request is an error instead of being made on first touch. */
  strict: boolean;
  faults: Faults;
}

export interface Simulator {
  /** `http://host:port` */
  url: string;
  setFaults(faults: Faults): void;
  stop(): Promise<void>;
}

/**
 * A ServiceDesk Plus over a real socket: API v3 under `/api/v3` (on-premises) and `/app/<portal>/api/v3` (cloud).
 * For people `/` and `/requests/{id}`; for tests `GET /_simulator/requests/{id}` and `GET|PUT /_simulator/faults`.
 * Faults concern the writing of notes: what was written is durable before a delayed or cut answer.
 */
export async function createDeskSimulator(options: SimulatorOptions): Promise<Simulator> {
  const state = new DeskState(options.dataDirectory);
  const api = new DeskApi(state, options.strict);
  const plan = new FaultPlan(options.faults);

  const server = await listen(options.listen, async (request, url, body): Promise<SimulatedAnswer> => {
    const method = request.method ?? "GET";
    const control = controlAnswer(method, url, body);
    if (control !== undefined) return control;
    const segments = apiSegments(url.pathname);
    if (segments === undefined) return json(noSuchUrl());
    const key = keyOf(request.headers, url.searchParams);
    if (key === undefined || key === "" || (options.key !== undefined && key !== options.key))
      return json(invalidKey());
    const call = { method, segments, input: inputOf(method, request.headers["content-type"], url, body) };
    const writes = method === "POST" && segments[2] === "notes";
    if (!writes) return json(api.answer(call));
    const verdict = plan.judge(segments[1]);
    const answer =
      verdict.failStatus === undefined
        ? api.answer(call)
        : faulty(verdict.failStatus, verdict.retryAfterSeconds);
    return (await verdict.beforeAnswer()) ? { cut: true } : json(answer);
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
    stop: async () => {
      await server.stop();
      state.close();
    },
  };
}

function apiSegments(pathname: string): string[] | undefined {
  const rest = /^(?:\/app\/[^/]+)?\/api\/v3\/(.+)$/.exec(pathname)?.[1];
  return rest
    ?.split("/")
    .filter((part) => part !== "")
    .map(decoded);
}

/** Reads carry `input_data` in the query, writes in the form; some clients send JSON or put it in the query all the same. */
function inputOf(
  method: string,
  contentType: string | undefined,
  url: URL,
  body: string,
): string | undefined {
  const inQuery = url.searchParams.get("input_data") ?? undefined;
  if (method === "GET" || body === "") return inQuery;
  if (contentType?.includes("application/json") === true) return body;
  return new URLSearchParams(body).get("input_data") ?? inQuery;
}

function json({ status, body, headers = {} }: DeskAnswer): SimulatedAnswer {
  return {
    status,
    headers: { "content-type": "application/vnd.manageengine.v3.responsejson;charset=UTF-8", ...headers },
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
