import { foreignCommand } from '@antiphon/workshop'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'

/** The story as `npm start` runs it. */
export interface Story {
  readonly url: string
  /** Presses Ctrl-C, and resolves with what was printed in all. */
  readonly end: () => Promise<{ readonly code: number | null; readonly printed: string }>
}

/** Starts the story on a free port and resolves when the page is served. */
export async function startStory(): Promise<Story> {
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
    child.once('exit', () => reject(new Error(`the story ended early:\n${printed}`)))
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

/** Starts Debian's Chromium without a window. */
export function startBrowser(): Promise<Browser> {
  const executablePath = foreignCommand('chromium')
  if (executablePath === undefined) throw new Error('chromium is not installed')
  return chromium.launch({
    executablePath,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  })
}

/** A phone: the page, by what a person sees of it. */
export class Phone {
  /** What went wrong without anybody seeing it. */
  readonly complaints: string[] = []
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text())
    })
  }

  async open(url: string): Promise<void> {
    await this.#page.goto(url)
  }

  /** Presses the button for a car. */
  async unlock(car: string): Promise<void> {
    await this.#page.getByRole('radio', { name: car }).check({ force: true })
    await this.#page.getByRole('button', { name: 'Unlock' }).click()
  }

  async press(button: string): Promise<void> {
    await this.#page.getByRole('button', { name: button }).click()
  }

  /** Resolves when the latest exchange says all of this. */
  async says(...texts: readonly string[]): Promise<void> {
    const latest = this.#page.getByRole('listitem').first()
    for (const text of texts) await latest.getByText(text, { exact: true }).waitFor()
  }

  /** Resolves when the link's place begins with these words. */
  async isLinked(words: string): Promise<void> {
    await this.#page.locator('.link', { hasText: words }).waitFor()
  }

  /** The words in the drawing. */
  drawn(): Promise<string[]> {
    return this.#page.locator('#timeline text').allTextContents()
  }

  /** What was read out last. */
  announced(): Promise<string | null> {
    return this.#page.getByRole('status').textContent()
  }
}
