/** Uses a broker with `unref`, as a script that does not close it. Usage: program <what> */
import { endpoint, request, text } from '@antiphon/core'
import { createBroker } from '@antiphon/broker'
import { connect } from '@antiphon/mqtt'
import { filter, firstValueFrom, timer } from 'rxjs'

const broker = createBroker({ unref: true, closeTimeout: 0 })
const listeners = await Promise.all([broker.listen({ protocol: 'tcp' }), broker.listen({ protocol: 'ws' })])
const links = [broker.link(), ...listeners.map(({ url }) => connect(url, { unref: true }))]
const echo = endpoint({ topic: 'echo', request: text, response: text })
for (const link of links) {
  const waiting = timer(60_000).subscribe()
  const { status } = await firstValueFrom(link.state$.pipe(filter((state) => state.status === 'online')))
  waiting.unsubscribe()
  console.log(status)
  // The timer of the request keeps the process alive meanwhile.
  await request(link, echo, 'x', { timeout: 300 }).catch(({ code }: { code: string }) => console.log(code))
}
if (process.argv[2] === 'close') {
  await broker.close()
  console.log('closed')
}
