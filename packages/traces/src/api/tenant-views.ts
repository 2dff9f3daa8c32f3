import type { FastifyInstance } from "fastify";

/** More tenants than these at once are served by views made anew. */
const viewsAtMost = 200;

/** What each tenant is answered by; made when it asks for the first time. */
export class TenantViews {
  private readonly make: (tenant: string) => FastifyInstance;
  private readonly views = new Map<string, FastifyInstance>();

  constructor(make: (tenant: string) => FastifyInstance) {
    this.make = make;
  }

  async of(tenant: string): Promise<FastifyInstance> {
    const view = this.views.get(tenant) ?? this.make(tenant);
    this.views.delete(tenant);
    this.views.set(tenant, view);
    const [oldest] = this.views.keys();
    // It listens nowhere: what it is answering just now it answers all the same.
    if (this.views.size > viewsAtMost && oldest !== undefined) this.views.delete(oldest);
    await view.ready();
    return view;
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.views.values(), (view) => view.close()));
  }
}
