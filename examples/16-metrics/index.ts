/**
 * A responder whose metrics Prometheus can scrape: requests, their durations and failures, by the exporter of OpenTelemetry.
 *
 * To let a Prometheus scrape it: `METRICS_PORT=9464 npm start 16`, which then runs until Ctrl-C.
 */
import { createBroker } from '@antiphon/broker'
import { ApplicationError, endpoint, request, requests$, serve, text } from '@antiphon/core'
import { observed } from '@antiphon/core/events'
import { otelMetrics } from '@antiphon/core/otel'
import { connect } from '@antiphon/mqtt'
import { metrics } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { of, throwError } from 'rxjs'

// Before the links are made, which get their instruments from this provider.
const exporter = new PrometheusExporter({ preventServerStart: true })
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }))

const broker = createBroker()
const { url } = await broker.listen({ protocol: 'tcp' })
const forecast = endpoint({ name: 'forecast', topic: 'forecast/{city}', request: text, response: text })

const responder = observed(otelMetrics())(connect(url, { clientId: 'weather' }))
requests$(responder, forecast)
  .pipe(
    serve(({ params: { city } }) =>
      city === 'Atlantis'
        ? throwError(() => new ApplicationError({ code: 'unknown', message: `${city} is not on the map` }))
        : of(`sunny in ${city}`),
    ),
  )
  .subscribe()

const requester = observed(otelMetrics())(connect(url, { clientId: 'display' }))
for (const city of ['Vienna', 'Rome', 'Atlantis'])
  console.log(
    await request(requester, forecast, { params: { city }, value: 'today' }).catch(
      (error: unknown) => (error as Error).message,
    ),
  )

const { METRICS_PORT: wantedPort } = process.env
const server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response))
server.listen(Number(wantedPort ?? 0), '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
const scraped = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
for (const line of scraped
  .split('\n')
  .filter((each) => /_count|_total|pending/.test(each) && !each.startsWith('#')))
  console.log(line)

if (wantedPort !== undefined) await once(process, 'SIGINT')
server.close()
await Promise.all([requester.close(), responder.close()])
await broker.close()
