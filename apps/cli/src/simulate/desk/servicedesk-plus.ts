import type { IncomingMessage } from "node:http";
import { brokenAnswer, type FaultPlan } from "../faults.ts";
import type { SimulatedAnswer } from "../http.ts";
import { type DeskAnswer, faulty, innerFailure, invalidKey, noSuchUrl } from "./answers.ts";
import { DeskApi, keyOf } from "./api.ts";
import type { DeskState } from "./state.ts";

export interface DeskProduct {
  answer(request: IncomingMessage, url: URL, body: string): Promise<SimulatedAnswer>;
}

/** API v3 under `/api/v3` (on premises) and `/app/<portal>/api/v3` (cloud). */
export function serviceDeskPlus(
  state: DeskState,
  plan: FaultPlan,
  options: { strict: boolean; key?: string },
): DeskProduct {
  const api = new DeskApi(state, options.strict);
  return {
    answer: async (request, url, body) => {
      const method = request.method ?? "GET";
      const segments = apiSegments(url.pathname);
      if (segments === undefined) return json(noSuchUrl());
      const key = keyOf(request.headers, url.searchParams);
      if (key === undefined || key === "" || (options.key !== undefined && key !== options.key))
        return json(invalidKey());
      const call = { method, segments, input: inputOf(method, request.headers["content-type"], url, body) };
      const writes = method === "POST" && segments[2] === "notes";
      if (!writes && !plan.hitsReads(segments[1])) return json(api.answer(call));
      const verdict = plan.judge(segments[1]);
      const { answer: broken } = verdict;
      if (broken === "inner") return json(innerFailure());
      if (broken !== undefined)
        return brokenAnswer(broken, broken === "cut" ? JSON.stringify(api.answer(call).body) : "");
      const answer =
        verdict.failStatus === undefined
          ? api.answer(call)
          : faulty(verdict.failStatus, verdict.retryAfterSeconds);
      return (await verdict.beforeAnswer()) ? { cut: true } : json(answer);
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

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
