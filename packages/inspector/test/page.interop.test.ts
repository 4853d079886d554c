import { endpoint, requests$, serve, text } from '@antiphon/core'
import { inspect, type Inspector } from '@antiphon/inspector'
import { describeForeign, foreignCommand } from '@antiphon/workshop'
import axe from 'axe-core'
import { readFile } from 'node:fs/promises'
import { chromium, type Browser, type Page } from 'playwright-core'
import { of } from 'rxjs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readEvent } from '../src/model/read-event.js'
import { buildPage } from './build-page.js'
import { runExchanges, thermostat, type Exchanges } from './exchanges.js'
import { drawSequence } from './pictures/draw-sequence.js'

describeForeign(['chromium'], 'the page of the inspector in headless Chromium', () => {
  let inspector: Inspector
  let exchanges: Exchanges
  let browser: Browser
  let page: Page
  const errors: string[] = []

  beforeAll(async () => {
    await buildPage()
    const events: Parameters<Inspector['sink']>[0][] = []
    exchanges = await runExchanges((event) => events.push(event))
    inspector = await inspect({
      link: exchanges.requester,
      endpoints: [thermostat],
      traceUrl: 'http://localhost:16686/trace/{traceId}',
    })
    for (const event of events) inspector.sink(event)
    const executablePath = foreignCommand('chromium') ?? ''
    browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] })
    page = await browser.newPage({ viewport: { width: 1_400, height: 900 } })
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text())
    })
    await page.goto(inspector.url)
    await row('silent').waitFor()
  })

  afterAll(async () => {
    await browser.close()
    await inspector.close()
    await exchanges.close()
  })

  const row = (name: string) => page.getByRole('row').filter({ hasText: name }).first()
  const open = async (tab: string): Promise<void> => page.getByRole('tab', { name: tab, exact: true }).click()
  const select = async (name: string): Promise<string> => {
    await open('Exchanges')
    await row(name).click()
    const detail = page.getByRole('region', { name: 'Exchange' })
    await detail.getByText(name, { exact: true }).first().waitFor()
    return detail.innerText()
  }
  const sequence = async (): Promise<string> =>
    (await page.locator('svg.sequence').getAttribute('aria-label')) ?? ''
  const saved = async (button: string): Promise<string> => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: button }).click(),
    ])
    return readFile(await download.path(), 'utf8')
  }

  it('pairs requests with their responses, and names both sides and the group', async () => {
    const text = await row('echo/kitchen').innerText()
    expect(text).toContain('phone')
    expect(text).toContain('server-1 in workers')
    expect(text).toContain('responded')
  })

  it('shows pending exchanges with age and time left', async () => {
    await open('Pending')
    expect(await row('silent').innerText()).toMatch(/pending[^]*waiting, \d+\.\d s left/)
    expect(await page.getByRole('grid').getByRole('row').count()).toBe(2)
  })

  it('draws the sequence of an exchange with its retry, duplicate and acknowledgements', async () => {
    const detail = await select('slow')
    expect(detail).toContain('2, duplicates at the responder: 1')
    const steps = await sequence()
    for (const step of [
      'PUBLISH request, attempt 2',
      'PUBACK',
      'PUBLISH duplicate request',
      'started',
      'settled: responded',
    ])
      expect(steps).toContain(step)
  })

  it('draws the lost connection and the reconnect of an exchange', async () => {
    await select('moved')
    expect(await sequence()).toMatch(
      /PUBLISH request, [^]*offline: [^]*connecting, [^]*online, PUBLISH response, settled: responded$/,
    )
  })

  it('lists retried and joined requests', async () => {
    await open('Retried')
    expect(await row('slow').innerText()).toContain('2× +1 dup')
    expect(await page.getByRole('grid').getByRole('row').count()).toBe(2)
  })

  it('shows status and error text of a failure, escaped', async () => {
    expect(await select('broken')).toMatch(/failed 500[^]*the handler failed|failed 500[^]*pump/)
    await open('Failed')
    expect(await row('odd').innerText()).toContain('failed')
    expect(await page.locator('main b, main img').count()).toBe(0)
  })

  it('shows why and where a response does not decode', async () => {
    expect(await select('odd')).toContain('$.target: it must be a number')
  })

  it('shows items, credit and cancel of a stream', async () => {
    const detail = await select('numbers')
    expect(detail).toMatch(/5 responses or items, credit: \d/)
    expect(await sequence()).toMatch(/credit \d[^]*cancel/)
  })

  it('shows how long a stream had no credit', async () => {
    const head = {
      side: 'requester',
      client: 'phone',
      link: 'stalled',
      endpoint: 'stalled',
      exchange: 1,
    } as const
    const message = { topic: 'stalled', bytes: 0, userProperties: [['__credit', '1']] as const }
    const at = Date.now()
    inspector.sink({ ...head, kind: 'sent', at, attempt: 1, correlation: 'stalled', message })
    inspector.sink({ ...head, kind: 'received', at, message })
    inspector.sink({ ...head, kind: 'credit', at: at + 1_500, total: 2 })
    inspector.sink({ ...head, kind: 'settled', at: at + 1_500, outcome: 'cancelled' })
    expect(await select('stalled')).toContain('1 × without credit, 1500 ms in all')
  })

  it('shows MQTT 5 properties, and the payload by its content type', async () => {
    const detail = await select('echo/kitchen')
    for (const property of [
      'contentType',
      'text/plain',
      'responseTopic',
      'response/phone',
      'messageExpiryInterval',
      '__stat',
    ])
      expect(detail).toContain(property)
    expect(await page.getByLabel('Request payload').innerText()).toBe('{"on":true}')
  })

  it('shows unmatched responses', async () => {
    await open('Unmatched')
    expect(await page.getByRole('region').innerText()).toMatch(
      /unmatched response[^]*response\/phone[^]*late-1/,
    )
  })

  it('shows percentiles and rates per endpoint', async () => {
    await open('Latency')
    const cells = await page.getByRole('row').filter({ hasText: 'slow' }).innerText()
    expect(cells).toMatch(/slow\s+1\s+0\s+\d+ ms/)
    // The page draws the chart a while after the table.
    await page.waitForFunction(() => {
      const canvas = document.querySelector('canvas')
      const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
      return data.some((value) => value !== 0)
    })
  })

  it('draws time lines of marbles, from which exchanges are selected', async () => {
    await open('Time lines')
    const drawing = page.locator('svg.time-lines')
    const label = (await drawing.getAttribute('aria-label')) ?? ''
    expect(label).toMatch(/slow: requests a at [^,]*, a at [^,]*, responses a at/)
    expect(label).toMatch(/numbers: requests a at [^,]*, responses (a at [^,]*, ){5}! at/)
    expect(label).toMatch(/broken: requests a at [^,]*, responses a at [^,]*, # at/)
    expect(await drawing.locator('.marble').count()).toBeGreaterThan(15)
    await drawing.locator('.marble.bad').first().click()
    expect(await page.getByRole('region', { name: 'Exchange' }).innerText()).toContain('broken')
    expect(await saved('Save the time lines')).toMatch(/^<svg[^]*<\/svg>$/)
  })

  it('sends requests by a contract, and shows why one is not sent', async () => {
    requests$(exchanges.broker.link(), thermostat)
      .pipe(serve(({ value, params }) => of(`${params.room} is at ${value.target}`)))
      .subscribe()
    await open('Send')
    const send = async (value: string): Promise<void> => {
      await page.getByLabel('Value').fill(value)
      await page.getByRole('button', { name: 'Send', exact: true }).click()
    }
    await page.getByLabel('room').fill('kitchen')
    await send('{"target":"warm"}')
    await page.getByRole('status').getByText('it must be a number').waitFor()
    await send('{"target":21}')
    await page.getByRole('status').getByText('responded: kitchen is at 21').waitFor()
  })

  it('links the trace of an exchange', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const head = {
      side: 'requester',
      at: Date.now(),
      client: 'c',
      link: 'traced',
      endpoint: 'traced',
      exchange: 1,
    } as const
    const userProperties = [['traceparent', `00-${traceId}-b7ad6b7169203331-01`]] as const
    const message = { topic: 'traced', bytes: 0, userProperties }
    inspector.sink({ ...head, kind: 'sent', attempt: 1, correlation: 'traced', message })
    inspector.sink({ ...head, kind: 'settled', outcome: 'responded' })
    await select('traced')
    const link = page.getByRole('link', { name: traceId })
    expect(await link.getAttribute('href')).toBe(`http://localhost:16686/trace/${traceId}`)
  })

  it('sends a request again', async () => {
    const kitchen = endpoint({ topic: 'again', request: text, response: text })
    requests$(exchanges.broker.link(), kitchen)
      .pipe(serve(({ value }) => of(value)))
      .subscribe()
    await select('echo/kitchen')
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByRole('status').getByText('Sent again: responded').waitFor()
  })

  it('exports NDJSON that it reads again, HAR, and the diagram as SVG', async () => {
    await select('slow')
    const lines = (await saved('Save as NDJSON')).trim().split('\n')
    expect(lines.length).toBeGreaterThan(5)
    expect(lines.map(readEvent)).not.toContain(undefined)
    expect(JSON.parse(await saved('Save all as HAR'))).toMatchObject({
      log: { entries: expect.any(Array) as unknown },
    })
    const svg = await saved('Save the diagram')
    expect(svg).toMatch(/^<svg[^]*PUBLISH request[^]*<\/svg>$/)
    expect(svg).not.toContain('currentColor')
  })

  it('draws the picture of the home page from a real run, with a retry and a reconnect', async () => {
    const picture = new URL('../../../docs/guide/images/sequence.svg', import.meta.url)
    const pictures = [await drawSequence(browser), await readFile(picture, 'utf8')]
    const steps = [
      'PUBLISH request, attempt 2',
      'PUBLISH duplicate request',
      'offline: ',
      'settled: responded',
    ]
    for (const step of steps) for (const svg of pictures) expect(svg).toContain(step)
  })

  it('is used by the keyboard alone', async () => {
    await open('Exchanges')
    await page.getByRole('grid').focus()
    await page.keyboard.press('Home')
    const first = await page.locator('[aria-selected=true].row').getAttribute('id')
    await page.keyboard.press('ArrowDown')
    expect(await page.locator('[aria-selected=true].row').getAttribute('id')).not.toBe(first)
    expect(await page.getByRole('grid').getAttribute('aria-activedescendant')).toMatch(/^row-\d+$/)
  })

  it.each(['light', 'dark'] as const)(
    'has no violation that axe-core finds, with %s colours',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme })
      await page.evaluate(axe.source)
      await select('slow')
      for (const tab of ['Exchanges', 'Time lines', 'Latency', 'Unmatched', 'Send']) {
        await open(tab)
        const { violations } = await page.evaluate(() =>
          (globalThis as unknown as { readonly axe: typeof axe }).axe.run(),
        )
        expect(violations.map(({ id, nodes }) => `${tab} ${id}: ${nodes[0]?.html}`)).toEqual([])
      }
    },
  )

  it('keeps the document small after 50 000 events, and says what it has dropped', async () => {
    await open('Exchanges')
    for (let index = 1; index <= 25_000; index++) {
      const head = {
        side: 'requester',
        at: Date.now(),
        client: 'flood',
        link: 'flood',
        endpoint: 'flood',
        exchange: index,
      } as const
      inspector.sink({ ...head, kind: 'requested', topic: 'flood', timeout: 1_000 })
      inspector.sink({ ...head, kind: 'settled', outcome: 'responded' })
      if (index % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await page.getByText('older ones are not kept').waitFor()
    await row('flood').waitFor()
    expect(await page.locator('*').count()).toBeLessThan(1_500)
    expect(errors).toEqual([])
  })

  it('takes no task over 50 ms of processor time at 10 000 events a second, and keeps the document bounded', async () => {
    // The page opens with a full history, and with time lines of two minutes.
    for (let batch = 0; batch < 120; batch++) flood(batch)
    const flooded = await browser.newPage({ viewport: { width: 1_400, height: 900 } })
    await browser.startTracing(flooded, { categories: ['toplevel', 'devtools.timeline', '__metadata'] })
    await flooded.goto(inspector.url)
    const tabs = ['Exchanges', 'Latency', 'Time lines', 'Unmatched', 'Pending', 'Exchanges']
    let nodes = 0
    for (const [round, tab] of tabs.entries()) {
      await flooded.getByRole('tab', { name: tab, exact: true }).click()
      for (let batch = 0; batch < 20; batch++) {
        flood(120 + round * 20 + batch)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      nodes = Math.max(nodes, await flooded.locator('*').count())
    }
    const trace = JSON.parse((await browser.stopTracing()).toString()) as Trace
    await flooded.close()
    const tasks = mainThreadTasks(trace, new URL(inspector.url).origin)
    expect(tasks.length).toBeGreaterThan(100)
    expect(Math.max(...tasks)).toBeLessThan(50)
    expect(nodes).toBeLessThan(1_500)
  })

  const started = Date.now()

  /** Emits 500 events, of 125 exchanges with 40 endpoints. */
  function flood(batch: number): void {
    for (let index = 0; index < 125; index++) {
      const exchange = 100_000 + batch * 125 + index
      const head = {
        at: started + batch * 1_000,
        client: 'flood',
        link: 'flood',
        endpoint: `flood-${index % 40}`,
        exchange,
      }
      const message = { topic: 'flood', bytes: 2_000, payload: 'x'.repeat(2_000) }
      const requester = { ...head, side: 'requester' } as const
      inspector.sink({ ...requester, kind: 'requested', topic: 'flood', timeout: 1_000 })
      inspector.sink({ ...requester, kind: 'sent', attempt: 1, correlation: `flood-${exchange}`, message })
      inspector.sink({ ...requester, kind: 'received', message })
      inspector.sink({ ...requester, at: head.at + (index % 37), kind: 'settled', outcome: 'responded' })
    }
  }

  it('refuses a wrong token, and another origin', async () => {
    const stranger = await browser.newPage()
    await stranger.goto(inspector.url.replace(/token=\w{4}/, 'token=0000'))
    await stranger.getByText('not connected').waitFor()
    await stranger.goto('about:blank')
    const socketUrl = inspector.url.replace('http', 'ws').replace('/?', '/events?')
    const outcome = await stranger.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(url)
          socket.onopen = () => resolve('open')
          socket.onerror = () => resolve('refused')
        }),
      socketUrl,
    )
    expect(outcome).toBe('refused')
    await stranger.close()
  })
})

/** What Chromium records of its processes. */
interface Trace {
  readonly traceEvents: readonly {
    readonly name: string
    readonly pid: number
    readonly tid: number
    readonly args?: { readonly name?: string; readonly beginData?: { readonly url?: string } }
    /** Microseconds of processor time. */
    readonly tdur?: number
  }[]
}

/**
 * Returns the milliseconds of processor time of each task on the main thread of a page. A busy machine does not lengthen
 * them. Chromium has pages of its own, which do not count.
 */
function mainThreadTasks({ traceEvents }: Trace, origin: string): readonly number[] {
  const processes = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'ParseHTML' && args?.beginData?.url?.startsWith(origin) === true)
      .map(({ pid }) => pid),
  )
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  )
  return traceEvents
    .filter(
      ({ name, pid, tid }) => name.endsWith('RunTask') && processes.has(pid) && mains.has(`${pid} ${tid}`),
    )
    .map(({ tdur = 0 }) => tdur / 1_000)
}
