/** The temperature service and who asks it, as two processes on an embedded broker. */
import { createBroker } from '@antiphon/broker'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { filter, firstValueFrom } from 'rxjs'

const broker = createBroker()
const { port } = await broker.listen({ protocol: 'tcp' })

function start(program: string): ChildProcess {
  const env = { ...process.env, BROKER_HOST: '127.0.0.1', BROKER_PORT: String(port) }
  return spawn(process.execPath, ['--import', 'tsx', new URL(program, import.meta.url).pathname], {
    env,
    stdio: 'inherit',
  })
}

const isServed = firstValueFrom(broker.events$.pipe(filter(({ type }) => type === 'subscribed')))
const responder = start('./responder.ts')
await isServed
await once(start('./requester.ts'), 'exit')
responder.kill('SIGINT')
await once(responder, 'exit')
await broker.close()
