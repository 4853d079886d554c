import { foreignCommand } from '@antiphon/workshop'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'

/** The running example, started as `npm start` does. */
export interface Example {
  readonly url: string
  /** Sends SIGINT, and resolves with the exit code and all output. */
  readonly end: () => Promise<{ readonly code: number | null; readonly printed: string }>
}

/** Starts the example on a free port and resolves when the page is served. */
export async function startExample(): Promise<Example> {
  const index = fileURLToPath(new URL('../index.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', index], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = once(child, 'close') as Promise<[number | null]>
  let printed = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      const address = /The phone is at (\S+)\n/.exec(printed)?.[1]
      if (address !== undefined) resolve(address)
    })
    child.once('exit', () => reject(new Error(`cannot start the example: it ended early\n${printed}`)))
  })
  return {
    url,
    end: async () => {
      child.kill('SIGINT')
      const [code] = await exit
      return { code, printed }
    },
  }
}

/** Starts Debian's Chromium in headless mode. */
export function startBrowser(): Promise<Browser> {
  const executablePath = foreignCommand('chromium')
  if (executablePath === undefined) throw new Error('cannot start chromium: it is not installed')
  return chromium.launch({
    executablePath,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  })
}

/** The phone page, as a user sees it. */
export class Phone {
  /** Uncaught errors and errors on the console. */
  readonly errors: string[] = []
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
    page.on('pageerror', (error) => this.errors.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text())
    })
  }

  async open(url: string): Promise<void> {
    await this.#page.goto(url)
  }

  /** Selects a car and presses Unlock. */
  async unlock(car: string): Promise<void> {
    await this.#page.getByRole('radio', { name: car }).check({ force: true })
    await this.#page.getByRole('button', { name: 'Unlock' }).click()
  }

  async press(button: string): Promise<void> {
    await this.#page.getByRole('button', { name: button }).click()
  }

  /** Resolves when the latest exchange shows all of these texts. */
  async shows(...texts: readonly string[]): Promise<void> {
    const latest = this.#page.getByRole('listitem').first()
    for (const text of texts) await latest.getByText(text, { exact: true }).waitFor()
  }

  /** Resolves when the state of the link shows this text. */
  async showsLink(text: string): Promise<void> {
    await this.#page.locator('.link', { hasText: text }).waitFor()
  }

  /** Returns the texts of the timeline. */
  timelineTexts(): Promise<string[]> {
    return this.#page.locator('#timeline text').allTextContents()
  }

  /** Returns the latest text for screen readers. */
  announcement(): Promise<string | null> {
    return this.#page.getByRole('status').textContent()
  }
}
