/** What Prometheus reads: counts and times, never a person's name, a reason, a case or an address. */
export { measured } from './channels.ts';
export { serveMetrics } from './serve.ts';
export { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
