/** Uses a link with `unref`, as a script that does not close it. Usage: program <url> <what> */
import { endpoint, request, text, type LinkState } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { filter, firstValueFrom, timer } from 'rxjs'

const [url = '', what = ''] = process.argv.slice(2)
const link = connect(url, { unref: true, reconnect: { initial: 60_000, maximum: 60_000 } })

/** Waits for a state; the timer keeps the process alive meanwhile. */
async function reach(status: LinkState['status']): Promise<void> {
  const waiting = timer(60_000).subscribe()
  await firstValueFrom(link.state$.pipe(filter((state) => state.status === status)))
  waiting.unsubscribe()
  console.log(status)
}

if (what === 'idle') await reach('online')
if (what === 'offline') await reach('offline')
if (what === 'publish') {
  await firstValueFrom(link.publish$({ topic: 'a', payload: new Uint8Array() }))
  console.log('acknowledged')
}
if (what === 'request') {
  const echo = endpoint({ topic: 'echo', request: text, response: text })
  await request(link, echo, 'x', { timeout: 300 }).catch(({ code }: { code: string }) => console.log(code))
}
if (what === 'close') {
  await reach('online')
  await link.close()
  console.log('closed')
}
if (what === 'reused') {
  await Promise.all(
    ['a', 'b'].map((topic) => firstValueFrom(link.publish$({ topic, payload: new Uint8Array() }))),
  )
  console.log('both acknowledged')
}
