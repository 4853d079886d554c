import type { Link } from '@antiphon/core'
import { describeForeign } from '@antiphon/workshop'
import { filter, firstValueFrom } from 'rxjs'
import { expect, it } from 'vitest'
import { mosquittoWorld } from '../../src/world/mosquitto-world.js'

const reach = (link: Link, status: 'online' | 'closed'): Promise<unknown> =>
  firstValueFrom(link.state$.pipe(filter((state) => state.status === status)))

describeForeign(['mosquitto'], 'a world on a real Mosquitto', () => {
  it('closes all links when it ends, also those that are made later, so that none reconnects for ever', async () => {
    const world = await mosquittoWorld()
    const link = world.link({ clientId: 'device', region: 0 }, {})
    await reach(link, 'online')
    await world.end()
    await reach(link, 'closed')
    const late = world.link({ clientId: 'late', region: 0 }, {})
    await expect(reach(late, 'closed')).resolves.toMatchObject({ status: 'closed' })
  })
})
