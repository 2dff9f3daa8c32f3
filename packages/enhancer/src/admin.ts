import { type JobView, jobView, ThroughlineError } from "@throughline/api";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { JobAdmin } from "./queue/queue.ts";
import type { TenantInfo } from "./tenants/tenants.ts";

const listQuery = z.strictObject({
  state: jobView.shape.state.optional(),
  ticket: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/**
 * Operations over HTTP: `GET /api/jobs`, `GET /api/jobs/{id}`, `POST /api/jobs/{id}/retry`, `GET /api/queue`,
 * `POST /api/queue/pause|resume`, `GET /api/tenants` (without secrets). The server that mounts it guards what changes state.
 */
export function enhancerAdminRoutes(queue: JobAdmin, tenants: { list(): Promise<TenantInfo[]> }) {
  return (server: FastifyInstance): void => {
    server.get("/api/jobs", async (request): Promise<{ jobs: JobView[] }> => {
      const query = listQuery.safeParse(request.query);
      if (!query.success) {
        const fields = query.error.issues.map((issue) => ({
          field: issue.path.join("."),
          message: issue.message,
        }));
        throw new ThroughlineError("TL_PARAMETER_INVALID", "A parameter of the list is wrong.", { fields });
      }
      const { state, ticket, limit } = query.data;
      return {
        jobs: await queue.list({
          limit,
          ...(state === undefined ? {} : { state }),
          ...(ticket === undefined ? {} : { ticketId: ticket }),
        }),
      };
    });
    server.get<{ Params: { id: string } }>("/api/jobs/:id", (request) => queue.show(request.params.id));
    server.post<{ Params: { id: string } }>("/api/jobs/:id/retry", (request) =>
      queue.retry(request.params.id),
    );
    server.get("/api/queue", () => queue.status());
    server.post("/api/queue/pause", async () => {
      await queue.pause();
      return queue.status();
    });
    server.post("/api/queue/resume", async () => {
      await queue.resume();
      return queue.status();
    });
    server.get("/api/tenants", async () => ({
      tenants: (await tenants.list()).map(({ id, settings, createdAt }) => ({
        id,
        settings,
        createdAt: new Date(createdAt).toISOString(),
      })),
    }));
  };
}
