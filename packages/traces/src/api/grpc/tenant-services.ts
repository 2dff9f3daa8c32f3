import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Gate } from "../../access.ts";
import { credentialsOf, type Identifiable } from "./calls.ts";

type Services = Record<string, UntypedServiceImplementation>;
type Handler = (call: Identifiable, ...rest: unknown[]) => void;

/** More tenants than these at once are served by services made anew. */
const tenantsAtMost = 200;

/** Services by name, which answer a call of a tenant's token by services of that tenant's own: those have nothing but its reader. */
export class TenantServices {
  private readonly gate: Gate;
  private readonly whole: Services;
  private readonly make: (tenant: string) => Services;
  private readonly tenants = new Map<string, Services>();

  constructor(gate: Gate, whole: Services, make: (tenant: string) => Services) {
    this.gate = gate;
    this.whole = whole;
    this.make = make;
  }

  services(): [name: string, methods: UntypedServiceImplementation][] {
    return Object.entries(this.whole).map(([name, methods]) => [
      name,
      Object.fromEntries(
        Object.keys(methods).map((method) => [
          method,
          ((call, ...rest) => void this.answer(name, method, call, rest)) satisfies Handler,
        ]),
      ),
    ]);
  }

  private async answer(
    name: string,
    method: string,
    call: Parameters<Handler>[0],
    rest: unknown[],
  ): Promise<void> {
    const services = await this.of(call);
    const handler = services[name]?.[method] as Handler | undefined;
    handler?.(call, ...rest);
  }

  /** A token that is not good is told so by the method itself. */
  private async of(call: Parameters<Handler>[0]): Promise<Services> {
    const { authorization, peer } = credentialsOf(call);
    const tenant = await this.gate.identify(authorization, peer).then(
      (principal) => principal.tenant,
      () => undefined,
    );
    if (tenant === undefined) return this.whole;
    const known = this.tenants.get(tenant) ?? this.make(tenant);
    this.tenants.delete(tenant);
    this.tenants.set(tenant, known);
    const [oldest] = this.tenants.keys();
    if (this.tenants.size > tenantsAtMost && oldest !== undefined) this.tenants.delete(oldest);
    return known;
  }
}
