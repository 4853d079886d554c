import { requests$, serve } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { describeForeign, foreignCommand, startMosquitto, type Mosquitto } from '@antiphon/workshop'
import { chromium, type Browser } from 'playwright-core'
import { of } from 'rxjs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serveOrderPage, type OrderServer } from './order-server.js'
import { order } from './programs/order.js'

const reloads = 20

/** The functions of the page. */
declare const sendOrders: (url: string, run: string) => Promise<void>
declare const sentOrders: () => number
declare const notesOf: (kind: string) => Record<string, string>
declare const runContract: () => Promise<readonly string[]>

describeForeign(['mosquitto', 'chromium'], 'durable requests of a page in headless Chromium', () => {
  let mosquitto: Mosquitto
  let server: OrderServer
  let browser: Browser
  beforeAll(async () => {
    ;[mosquitto, server, browser] = await Promise.all([
      startMosquitto({ websockets: true }),
      serveOrderPage(),
      chromium.launch({
        executablePath: foreignCommand('chromium') ?? '',
        args: [
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--no-first-run',
          '--disable-background-networking',
        ],
      }),
    ])
  })
  afterAll(async () => {
    await browser.close()
    await server.close()
    await mosquitto.stop()
  })

  it('passes the contract of stores on IndexedDB, with pages kept apart by locks', async () => {
    const page = await browser.newPage()
    await page.goto(server.url)
    expect(await page.evaluate(() => runContract())).toEqual([])
    await page.close()
  })

  it(`loses no request and sends none to be handled twice when the page is reloaded ${reloads} times`, async () => {
    const handled: string[] = []
    const link = connect(mosquitto.url, { clientId: 'kitchen' })
    // Every response is kept for the whole test: a request is sent again until its outcome is noted, however long that takes.
    const served = requests$(link, order, { responseCache: { entries: 100_000, ttl: 3_600_000 } })
      .pipe(
        serve(({ value }) => {
          handled.push(value)
          return of(`${value} done`)
        }),
      )
      .subscribe()
    const page = await browser.newPage()
    await page.goto(server.url)
    const startRun = (run: string): Promise<void> =>
      page.evaluate(([url, name]) => void sendOrders(url, name), [mosquitto.wsUrl ?? '', run] as const)
    for (let run = 1; run <= reloads; run++) {
      await startRun(String(run))
      await page.waitForFunction((count) => sentOrders() >= count, 1 + ((run * 37) % 50), {
        timeout: 300_000,
      })
      await page.reload()
    }
    await startRun('last')
    // Only for a page that hangs.
    await page.waitForFunction(() => 'last' in notesOf('end') || 'last' in notesOf('fault'), undefined, {
      timeout: 300_000,
    })
    const notes = (kind: string): Promise<Record<string, string>> =>
      page.evaluate((name) => notesOf(name), kind)
    const [sent, outcomes, faults] = [await notes('sent'), await notes('outcome'), await notes('fault')]
    await page.close()
    served.unsubscribe()
    await link.close()

    expect(faults).toEqual({})
    expect(Object.keys(sent).filter((key) => !(key in outcomes))).toEqual([])
    expect(Object.entries(outcomes).filter(([key, text]) => text !== `${key} done`)).toEqual([])
    expect(handled.length).toBe(new Set(handled).size)
    expect(Object.keys(sent).length).toBeGreaterThan(reloads)
  }, 600_000)
})
