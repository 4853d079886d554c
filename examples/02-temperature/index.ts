/** The temperature service and who asks it, as two processes on an embedded broker. */
import { createBroker } from '@antiphon/broker'
import { once } from 'node:events'
import { filter, firstValueFrom } from 'rxjs'
import { startProgram } from '../start-program.js'

const broker = createBroker()
const { port } = await broker.listen({ protocol: 'tcp' })

const env = { BROKER_HOST: '127.0.0.1', BROKER_PORT: String(port) }
const isServed = firstValueFrom(broker.events$.pipe(filter(({ type }) => type === 'subscribed')))
const responder = startProgram(new URL('responder.ts', import.meta.url), env)
await isServed
await once(startProgram(new URL('requester.ts', import.meta.url), env), 'exit')
responder.kill('SIGINT')
await once(responder, 'exit')
await broker.close()
