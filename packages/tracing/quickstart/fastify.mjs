import { initTracerProvider } from "@throughline/tracing";
import { fastifyTracing } from "@throughline/tracing/fastify";
import Fastify from "fastify";

const tracing = initTracerProvider({ serviceName: "shop" });
const server = Fastify();
fastifyTracing(server, { tracer: tracing.tracer("shop") });
server.get("/orders/:id", (request) => ({ id: request.params.id }));
server.addHook("onClose", () => tracing.shutdown());
console.log(await server.listen({ port: Number(process.env.PORT ?? 3000) }));
