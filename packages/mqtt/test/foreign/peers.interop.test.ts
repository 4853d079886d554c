import {
  endpoint,
  exchange$,
  gather$,
  inOrder,
  request,
  request$,
  requests$,
  serve,
  unmatchedResponses$,
  text,
  type Link,
  type ServeRecord,
} from '@antiphon/core'
import { connect, type ConnectOptions } from '@antiphon/mqtt'
import {
  describeForeign,
  mosquittoClient,
  python,
  startMosquitto,
  type Mosquitto,
  type Program,
} from '@antiphon/workshop'
import { firstValueFrom, from, lastValueFrom, map, of, throwError, toArray, VirtualTimeScheduler } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../test-connection.js'

const temperature = endpoint({ topic: 'service/temperature/query', request: text, response: text })
const degrees: Readonly<Record<string, string>> = { Vienna: '22.5', Berlin: '18.3' }

describeForeign(['mosquitto', 'mosquitto-clients', 'python3-paho-mqtt'], 'foreign peers', () => {
  let broker: Mosquitto
  let links: Link[] = []
  let programs: Program[] = []
  beforeEach(async () => {
    broker = await startMosquitto()
  })
  afterEach(async () => {
    await Promise.all(programs.map((program) => program.stop()))
    await Promise.all(links.map((link) => link.close()))
    await broker.stop()
    links = []
    programs = []
  })

  const link = (options: ConnectOptions = {}): Link => {
    const created = connect(broker.url, options)
    links.push(created)
    return created
  }
  const stopLater = (program: Program): Program => {
    programs.push(program)
    return program
  }
  /** Serves temperatures; the handler throws for any other request. */
  const serveTemperature = async (
    servedEndpoint: typeof temperature = temperature,
    protocolVersion: 4 | 5 = 5,
  ): Promise<readonly ServeRecord[]> => {
    const server = link({ protocolVersion })
    const records: ServeRecord[] = []
    requests$(server, servedEndpoint)
      .pipe(
        serve(({ value }) => {
          const [, city] = /^query:(.*)$/.exec(value) ?? []
          if (city === undefined) return throwError(() => new Error('not a query'))
          return of(`Temperature in ${city}: ${degrees[city] ?? '20.0'}°C`)
        }),
      )
      .subscribe((record) => records.push(record))
    await firstValueFrom(server.subscription$(servedEndpoint.topic.filter({})))
    return records
  }

  describe('mosquitto_rr as requester', () => {
    const sendRequest = (payload: string, ...more: readonly string[]): Program =>
      stopLater(
        mosquittoClient(
          'mosquitto_rr',
          ...['-p', broker.port, '-t', temperature.name, '-e', 'responses/rr', '-m', payload, '-W', 100],
          ...more,
        ),
      )

    it.each([0, 1, 2])('serves mosquitto_rr at QoS %d', async (qos) => {
      const records = await serveTemperature()
      expect(await sendRequest('query:Vienna', '-q', String(qos)).ended()).toEqual([
        'Temperature in Vienna: 22.5°C',
      ])
      // The record follows the PUBACK of the response, which the requester may have received before.
      await until(() => records.length === 1)
      expect(records.map(({ outcome }) => outcome)).toEqual(['responded'])
    })

    it('returns the correlation data of mosquitto_rr with content type and status', async () => {
      await serveTemperature()
      const response = sendRequest(
        'query:Berlin',
        ...['-D', 'publish', 'correlation-data', 'seven'],
        ...['-D', 'publish', 'content-type', 'text/plain'],
        ...['-F', '%D %C %P %p'],
      )
      const [line] = await response.ended()
      expect(line).toMatch(/^seven text\/plain .*__stat:200.* Temperature in Berlin: 18\.3°C$/)
    })

    it('answers mosquitto_rr with an empty payload and status 500 when the handler throws', async () => {
      await serveTemperature()
      const [line] = await sendRequest('weather?', '-F', '[%P] [%l]').ended()
      expect(line).toContain('__stat:500')
      expect(line).toContain('[0]')
    })

    it('serves mosquitto_rr over MQTT 3.1.1, correlated by order', async () => {
      const ordered = endpoint({
        topic: 'cmd',
        responseTopic: 'rsp',
        request: text,
        response: text,
        correlation: inOrder(),
      })
      await serveTemperature(ordered, 4)
      const response = stopLater(
        mosquittoClient(
          'mosquitto_rr',
          ...['-V', 'mqttv311', '-p', broker.port, '-t', 'cmd', '-e', 'rsp', '-m', 'query:Vienna', '-W', 100],
        ),
      )
      expect(await response.ended()).toEqual(['Temperature in Vienna: 22.5°C'])
    })
  })

  describe('echo.py as responder', () => {
    const ready = async (): Promise<Program> => {
      const echo = stopLater(python('echo.py', broker.port, temperature.name))
      await echo.until(1)
      return echo
    }

    it('matches 300 concurrent responses of echo.py to their requests', async () => {
      await ready()
      const requests = Array.from({ length: 300 }, (_, index) => `request ${index}`)
      const responses$ = from(requests).pipe(request$(link(), temperature, { ordered: true }), toArray())
      expect(await lastValueFrom(responses$)).toEqual(requests)
    })

    it.each([0, 1, 2] as const)('requests from echo.py at QoS %d', async (qos) => {
      await ready()
      expect(await request(link(), temperature, 'ünïcödé', { qos })).toBe('ünïcödé')
    })

    it('sends echo.py no cancel message, which echo.py would take for a request', async () => {
      const echo = await ready()
      const requester = link()
      const unmatched: string[] = []
      unmatchedResponses$(requester).subscribe(({ message }) =>
        unmatched.push(new TextDecoder().decode(message.payload)),
      )
      // Both unsubscribe from a request that is not settled. The echo of a cancel would have no payload.
      await firstValueFrom(gather$(requester, temperature, 'gathered'))
      exchange$(requester, temperature, 'cancelled').subscribe().unsubscribe()
      expect(await request(requester, temperature, 'after')).toBe('after')
      expect(unmatched).toEqual(['cancelled'])
      expect(echo.isRunning()).toBe(true)
    })
  })

  describe('weather.py as responder', () => {
    it('gets responses from weather.py, which decodes Correlation Data as UTF-8, and does not crash it', async () => {
      const weather = stopLater(python('weather.py', broker.port, temperature.name))
      await weather.until(1)
      const requester = link()
      const responses$ = from(['query:Vienna', 'query:Berlin', 'query:Paris']).pipe(
        request$(requester, temperature, { ordered: true, retry: { count: 2 } }),
        map((response) => response.replace('Temperature in ', '')),
        toArray(),
      )
      expect(await lastValueFrom(responses$)).toEqual(['Vienna: 22.5°C', 'Berlin: 18.3°C', 'Paris: 20.0°C'])
      const scheduler = new VirtualTimeScheduler()
      const timingOut = request(link({ scheduler }), temperature, 'too late', { timeout: 60_000 })
      await weather.untilLine('ignored too late')
      scheduler.flush()
      await expect(timingOut).rejects.toMatchObject({ code: 'timeout', awaited: 'response' })
      const controller = new AbortController()
      const cancelling = request(requester, temperature, 'to be cancelled', { signal: controller.signal })
      await weather.untilLine('ignored to be cancelled')
      controller.abort()
      await expect(cancelling).rejects.toMatchObject({ code: 'cancelled' })
      // weather.py survives the cancel message, which it does not support.
      expect(await request(requester, temperature, 'query:Vienna')).toBe('Temperature in Vienna: 22.5°C')
      expect(weather.isRunning()).toBe(true)
    })
  })

  describe('traveller.py as requester', () => {
    it('serves traveller.py, which decodes Correlation Data as UTF-8', async () => {
      await serveTemperature()
      const traveller = stopLater(
        python('traveller.py', broker.port, temperature.name, 'query:Vienna', 'query:Berlin'),
      )
      expect([...(await traveller.ended())].sort()).toEqual([
        'query:Berlin -> Temperature in Berlin: 18.3°C',
        'query:Vienna -> Temperature in Vienna: 22.5°C',
      ])
    })

    it('answers traveller.py with an empty payload when the handler throws', async () => {
      await serveTemperature()
      const traveller = stopLater(
        python('traveller.py', broker.port, temperature.name, 'what?', 'query:Berlin'),
      )
      expect([...(await traveller.ended())].sort()).toEqual([
        'query:Berlin -> Temperature in Berlin: 18.3°C',
        'what? -> ',
      ])
    })
  })
})
