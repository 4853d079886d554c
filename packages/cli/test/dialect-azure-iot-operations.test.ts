import { command, executeCommand$, invokeCommand, type ReceivedCommand } from '@antiphon/azure-iot-operations'
import { text, type Link } from '@antiphon/core'
import { firstValueFrom } from 'rxjs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon, startAntiphon } from './run-antiphon.js'

const press = command({
  name: 'press',
  requestTopicPattern: 'presses/{executorId}/press',
  request: text,
  response: text,
})
const topicTokens = { executorId: 'press-7' }
const dialect = ['--dialect', 'azure-iot-operations']

async function start(): Promise<{ readonly link: Link; readonly url: string }> {
  const { broker, url } = await startBroker()
  onTestFinished(() => broker.close())
  return { link: broker.link(), url }
}

/** Executes the command with a handler; resolves when it is subscribed. */
function execute(link: Link, handler: (command: ReceivedCommand<string>) => string): Promise<void> {
  return new Promise((onSubscribed) => {
    const executed = executeCommand$(link, press, handler, { topicTokens, onSubscribed }).subscribe()
    onTestFinished(() => executed.unsubscribe())
  })
}

describe('--dialect azure-iot-operations', () => {
  it('invokes a command, with the headers of the platform', async () => {
    const { link, url } = await start()
    const received: ReceivedCommand<string>[] = []
    await execute(link, (request) => {
      received.push(request)
      return `pressed ${request.value}`
    })
    const args = ['presses/press-7/press', 'gently', ...dialect, '--client-id', 'shell', '--url', url]
    expect(await antiphon(['request', ...args])).toMatchObject({
      code: 0,
      stdout: 'pressed gently\n',
      stderr: '',
    })
    expect(received).toMatchObject([
      { sourceId: 'shell', timestamp: expect.stringMatching(/^\d{15}:/) as string },
    ])
  })

  it('receives the response on the topic of the command line', async () => {
    const { link, url } = await start()
    await execute(link, () => 'pressed')
    const topic = 'clients/me/presses/press-7/press'
    const response = firstValueFrom(link.messages$(topic))
    await firstValueFrom(link.subscription$(topic))
    const args = ['presses/press-7/press', 'gently', ...dialect, '--response-topic', topic, '--url', url]
    expect(await antiphon(['request', ...args])).toMatchObject({ code: 0, stdout: 'pressed\n' })
    await expect(response).resolves.toMatchObject({ topic })
  })

  it('reports the error of an executor', async () => {
    const { link, url } = await start()
    await execute(link, () => {
      throw new Error('out of oil')
    })
    const { code, stdout } = await antiphon([
      'request',
      'presses/press-7/press',
      'x',
      ...dialect,
      '--url',
      url,
    ])
    expect([code, stdout]).toEqual([5, ''])
  })

  it('executes a command, and counts as one of the platform', async () => {
    const { link, url } = await start()
    const running = startAntiphon([
      'serve',
      'presses/{executorId}/press',
      '--respond',
      'pressed',
      ...dialect,
      '--url',
      url,
    ])
    await running.printed('serving')
    const { value, timestamp } = await invokeCommand(link, press, { value: 'gently', topicTokens })
    expect([value, timestamp]).toEqual(['pressed', expect.stringMatching(/^\d{15}:/)])
    running.interrupt()
    expect((await running.ended).code).toBe(0)
  })

  it('measures commands, and gathers responses', async () => {
    const { link, url } = await start()
    await execute(link, () => 'pressed')
    const topic = 'presses/press-7/press'
    const bench = ['bench', topic, 'x', '--count', '10', '--warm-up', '1', '--json', ...dialect, '--url', url]
    expect((await antiphon(bench)).records()).toMatchObject([{ type: 'bench', answered: 10, failed: 0 }])
    const gather = ['gather', topic, 'x', '--count', '1', ...dialect, '--url', url]
    expect(await antiphon(gather)).toMatchObject({ code: 0, stdout: 'pressed\n' })
  })
})
