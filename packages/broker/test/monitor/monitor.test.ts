import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createBroker, prometheusText, serveMonitor } from '../../src/index.js'
import type { Broker, BrokerOptions, Monitor, MonitorOptions } from '../../src/index.js'
import { memoryStorage } from '../storage/memory-storage.js'
import { firstValueFrom } from 'rxjs'

let broker: Broker
let monitor: Monitor
const start = async (options: BrokerOptions = {}, monitorOptions: MonitorOptions = {}): Promise<void> => {
  broker = createBroker(options)
  monitor = await serveMonitor(broker, monitorOptions)
}
beforeEach(() => start())
afterEach(async () => {
  await monitor.close()
  await broker.close()
})

const get = async (path: string, method = 'GET'): Promise<[status: number, text: string]> => {
  const response = await fetch(monitor.url + path, { method })
  return [response.status, await response.text()]
}

/** Parses Prometheus' text format strictly; returns the samples with their types. */
function parseMetrics(text: string): Map<string, { type: string; value: number }> {
  const samples = new Map<string, { type: string; value: number }>()
  const types = new Map<string, string>()
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.slice(0, -1).split('\n')) {
    const type = /^# TYPE ([a-z_]+) (gauge|counter)$/.exec(line)
    const sample = /^(([a-z_]+)(?:\{[a-z]+="[^"\\\n]*"\})?) (-?[0-9.]+)$/.exec(line)
    if (type?.[1] !== undefined) types.set(type[1], type[2] ?? '')
    else if (sample !== null) {
      const [, name = '', family = '', value] = sample
      expect(types.has(family)).toBe(true)
      expect(samples.has(name)).toBe(false)
      expect(family.endsWith('_total')).toBe(types.get(family) === 'counter')
      samples.set(name, { type: types.get(family) ?? '', value: Number(value) })
    } else expect(line).toMatch(/^# HELP [a-z_]+ [^\n]+$/)
  }
  return samples
}

describe('serveMonitor', () => {
  it('listens on this machine only, unless a host is given', async () => {
    expect(monitor.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    await monitor.close()
    monitor = await serveMonitor(broker, { host: '::1' })
    expect(monitor.url).toMatch(/^http:\/\/\[::1\]:\d+$/)
    expect((await get('/healthz'))[0]).toBe(200)
    const { port } = new URL(monitor.url)
    await expect(serveMonitor(broker, { host: '::1', port: Number(port) })).rejects.toThrow('EADDRINUSE')
  })

  it('serves the statistics of the moment in the format of Prometheus', async () => {
    const link = broker.link({ clientId: 'a' })
    await firstValueFrom(link.publish$({ topic: 't', payload: Buffer.from('x'), retain: true }))
    const response = await fetch(`${monitor.url}/metrics?x=1`)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const metrics = parseMetrics(await response.text())
    expect(metrics.get('antiphon_broker_clients')).toEqual({ type: 'gauge', value: 1 })
    expect(metrics.get('antiphon_broker_retained_messages')).toEqual({ type: 'gauge', value: 1 })
    expect(metrics.get('antiphon_broker_messages_received_total')).toEqual({ type: 'counter', value: 1 })
    expect(metrics.get('process_resident_memory_bytes')?.value).toBeGreaterThan(1e6)
    const startedAt = metrics.get('process_start_time_seconds')?.value ?? 0
    expect(Math.abs(startedAt * 1_000 + process.uptime() * 1_000 - Date.now())).toBeLessThan(60_000)
    await link.close()
  })

  it('is healthy while it responds, and ready unless the program is not', async () => {
    await monitor.close()
    let why: string | undefined = 'the broker is starting'
    monitor = await serveMonitor(broker, { unreadiness: () => why })
    expect([await get('/healthz'), await get('/readyz')]).toEqual([
      [200, 'ok\n'],
      [503, 'the broker is starting\n'],
    ])
    why = undefined
    expect(await get('/readyz')).toEqual([200, 'ok\n'])
    expect(await get('/readyz', 'HEAD')).toEqual([200, ''])
    await broker.close()
    expect([await get('/healthz'), await get('/readyz')]).toEqual([
      [200, 'ok\n'],
      [503, 'the broker is closed\n'],
    ])
  })

  it('is not ready while the storage fails', async () => {
    await monitor.close()
    await broker.close()
    const storage = memoryStorage()
    await start({ storage })
    storage.isFailing = true
    const failed = firstValueFrom(broker.eventsFrom$('error'))
    broker.publish$({ topic: 't', payload: Buffer.from('x'), qos: 1, retain: true }).subscribe()
    await failed
    expect(await get('/readyz')).toEqual([503, 'the storage fails\n'])
    storage.isFailing = false
  })

  it('refuses other paths and methods', async () => {
    expect(await get('/')).toEqual([404, 'use /metrics, /healthz or /readyz\n'])
    expect(await get('/metrics', 'POST')).toEqual([405, 'GET and HEAD only\n'])
  })
})

describe('prometheusText', () => {
  it('has one label only: the reason code of refusals, however many clients and topics there are', async () => {
    const stats = await firstValueFrom(broker.stats$)
    const metrics = parseMetrics(
      prometheusText({ ...stats, refusals: 3, refusalsByReason: { 0x87: 2, 0x97: 1 } }),
    )
    expect([...metrics.keys()].filter((name) => name.includes('{'))).toEqual([
      'antiphon_broker_refusals_total{reason="not authorized (0x87)"}',
      'antiphon_broker_refusals_total{reason="quota exceeded (0x97)"}',
    ])
  })
})
