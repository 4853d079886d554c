/** The temperature service and its requester, in two processes, over an embedded broker. */
import { createBroker } from '@antiphon/broker'
import { once } from 'node:events'
import { filter, firstValueFrom } from 'rxjs'
import { startProgram } from '../start-program.js'

const broker = createBroker()
const { port } = await broker.listen({ protocol: 'tcp' })

const env = { BROKER_HOST: '127.0.0.1', BROKER_PORT: String(port) }
const isSubscribed = firstValueFrom(broker.events$.pipe(filter(({ type }) => type === 'subscribed')))
const responder = startProgram(new URL('responder.ts', import.meta.url), env)
await isSubscribed
await once(startProgram(new URL('requester.ts', import.meta.url), env), 'exit')
responder.kill('SIGINT')
await once(responder, 'exit')
await broker.close()
