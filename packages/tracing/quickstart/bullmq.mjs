import { initTracerProvider, withConsumerSpan, withProducerSpan } from "@throughline/tracing";
import { Queue, Worker } from "bullmq";

const connection = { url: process.env.REDIS_URL ?? "redis://127.0.0.1:6379", maxRetriesPerRequest: null };
const tracer = initTracerProvider({ serviceName: "mail" }).tracer("mail");
const message = { system: "bullmq", destination: "mail" };
const work = async (job) => console.log(`sent to ${job.data.to}`);
const traced = (job) => withConsumerSpan(tracer, message, job.data.trace, () => work(job));
new Worker("mail", traced, { connection }).on("error", console.error);
const queue = new Queue("mail", { connection });
await withProducerSpan(tracer, message, (trace) => queue.add("welcome", { to: "ada", trace }));
