import {
  endpoint,
  gather$,
  inOrder,
  request,
  request$,
  requests$,
  serve,
  strays$,
  text,
  type Link,
  type Message,
  type ServeRecord,
} from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import {
  describeForeign,
  mosquittoClient,
  python,
  startMosquitto,
  type Mosquitto,
  type Program,
} from '@antiphon/workshop'
import { firstValueFrom, from, lastValueFrom, map, of, ReplaySubject, throwError, toArray } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

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

  const link = (protocolVersion: 4 | 5 = 5): Link => {
    const made = connect(broker.url, { protocolVersion })
    links.push(made)
    return made
  }
  const running = (program: Program): Program => {
    programs.push(program)
    return program
  }
  /** Serves temperatures; anything but a question for one fails. */
  const serveTemperature = async (
    served: typeof temperature = temperature,
    protocolVersion: 4 | 5 = 5,
  ): Promise<readonly ServeRecord[]> => {
    const server = link(protocolVersion)
    const records: ServeRecord[] = []
    requests$(server, served)
      .pipe(
        serve(({ value }) => {
          const [, city] = /^query:(.*)$/.exec(value) ?? []
          if (city === undefined) return throwError(() => new Error('no question'))
          return of(`Temperature in ${city}: ${degrees[city] ?? '20.0'}°C`)
        }),
      )
      .subscribe((record) => records.push(record))
    await firstValueFrom(server.subscription$(served.topic.filter({})))
    return records
  }

  describe('mosquitto_rr asks our serve', () => {
    const ask = (question: string, ...more: readonly string[]): Program =>
      running(
        mosquittoClient(
          'mosquitto_rr',
          ...['-p', broker.port, '-t', temperature.name, '-e', 'answers/rr', '-m', question, '-W', 10],
          ...more,
        ),
      )

    it.each([0, 1, 2])('and gets its answer at QoS %d', async (qos) => {
      const records = await serveTemperature()
      expect(await ask('query:Vienna', '-q', String(qos)).ended()).toEqual(['Temperature in Vienna: 22.5°C'])
      expect(records.map(({ outcome }) => outcome)).toEqual(['answered'])
    })

    it('with a correlation of its own, and sees it again with content type and status', async () => {
      await serveTemperature()
      const answer = ask(
        'query:Berlin',
        ...['-D', 'publish', 'correlation-data', 'seven'],
        ...['-D', 'publish', 'content-type', 'text/plain'],
        ...['-F', '%D %C %P %p'],
      )
      const [line] = await answer.ended()
      expect(line).toMatch(/^seven text\/plain .*__stat:200.* Temperature in Berlin: 18\.3°C$/)
    })

    it('what is no question, and gets an empty reply that says so', async () => {
      await serveTemperature()
      const [line] = await ask('weather?', '-F', '[%P] [%l]').ended()
      expect(line).toContain('__stat:500')
      expect(line).toContain('[0]')
    })

    it('over MQTT 3.1.1, where the order alone tells whose answer it is', async () => {
      const ordered = endpoint({
        topic: 'cmd',
        reply: { topic: 'rsp' },
        request: text,
        response: text,
        correlation: inOrder(),
      })
      await serveTemperature(ordered, 4)
      const answer = running(
        mosquittoClient(
          'mosquitto_rr',
          ...['-V', 'mqttv311', '-p', broker.port, '-t', 'cmd', '-e', 'rsp', '-m', 'query:Vienna', '-W', 10],
        ),
      )
      expect(await answer.ended()).toEqual(['Temperature in Vienna: 22.5°C'])
    })
  })

  describe('our request$ asks an echo that minds Response Topic and Correlation Data alone', () => {
    const ready = async (): Promise<Program> => {
      const echo = running(python('echo.py', broker.port, temperature.name))
      await echo.until(1)
      return echo
    }

    it('and gets each its own answer, 300 at once', async () => {
      await ready()
      const questions = Array.from({ length: 300 }, (_, index) => `question ${index}`)
      const answers$ = from(questions).pipe(request$(link(), temperature, { ordered: true }), toArray())
      expect(await lastValueFrom(answers$)).toEqual(questions)
    })

    it.each([0, 1, 2] as const)('at QoS %d', async (qos) => {
      await ready()
      expect(await request(link(), temperature, 'ünïcödé', { qos })).toBe('ünïcödé')
    })

    it('takes the echo of its cancel for a stray, and both live on', async () => {
      const echo = await ready()
      const caller = link()
      const strays = new ReplaySubject<Message>(1)
      strays$(caller)
        .pipe(map(({ message }) => message))
        .subscribe(strays)
      // Left after its first answer, which calls the others off.
      await firstValueFrom(gather$(caller, temperature, 'x'))
      expect((await firstValueFrom(strays)).payload).toHaveLength(0)
      expect(await request(caller, temperature, 'after')).toBe('after')
      expect(echo.isRunning()).toBe(true)
    })
  })

  describe('our request$ asks a responder that reads correlations as UTF-8', () => {
    it('and it answers, and lives', async () => {
      const weather = running(python('weather.py', broker.port, temperature.name))
      await weather.until(1)
      const caller = link()
      const answers$ = from(['query:Vienna', 'query:Berlin', 'query:Paris']).pipe(
        request$(caller, temperature, { ordered: true, retry: { count: 2 } }),
        map((answer) => answer.replace('Temperature in ', '')),
        toArray(),
      )
      expect(await lastValueFrom(answers$)).toEqual(['Vienna: 22.5°C', 'Berlin: 18.3°C', 'Paris: 20.0°C'])
      await expect(request(caller, temperature, 'no question', { timeout: 200 })).rejects.toMatchObject({
        code: 'timeout',
        awaited: 'answer',
      })
      await expect(
        request(caller, temperature, 'no question', { signal: AbortSignal.timeout(50) }),
      ).rejects.toMatchObject({ code: 'cancelled' })
      // Still there, after a cancel it knows nothing of.
      expect(await request(caller, temperature, 'query:Vienna')).toBe('Temperature in Vienna: 22.5°C')
      expect(weather.isRunning()).toBe(true)
    })
  })

  describe('a requester that reads correlations as UTF-8 asks our serve', () => {
    it('and gets its answers', async () => {
      await serveTemperature()
      const traveller = running(
        python('traveller.py', broker.port, temperature.name, 'query:Vienna', 'query:Berlin'),
      )
      expect([...(await traveller.ended())].sort()).toEqual([
        'query:Berlin -> Temperature in Berlin: 18.3°C',
        'query:Vienna -> Temperature in Vienna: 22.5°C',
      ])
    })

    it('and survives a failure, which it takes for an empty answer', async () => {
      await serveTemperature()
      const traveller = running(
        python('traveller.py', broker.port, temperature.name, 'what?', 'query:Berlin'),
      )
      expect([...(await traveller.ended())].sort()).toEqual([
        'query:Berlin -> Temperature in Berlin: 18.3°C',
        'what? -> ',
      ])
    })
  })
})
