import { expect, it } from 'vitest'
import { firstValueFrom, toArray } from 'rxjs'
import { createBroker } from '../src/index.js'

it('closes a broker at the end of an await using', async () => {
  const broker = createBroker()
  const events = firstValueFrom(broker.events$.pipe(toArray()))
  await broker[Symbol.asyncDispose]()
  await events
  await expect(broker.listen({ protocol: 'tcp', port: 0 })).rejects.toThrow('the broker is closed')
})
