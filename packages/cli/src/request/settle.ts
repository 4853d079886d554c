/** Options of `settle`. */
export interface SettleOptions {
  /** The most tasks at once. */
  readonly concurrency: number
  /** Whether results come in the order of the tasks, and not as they arrive. */
  readonly isOrdered: boolean
}

/**
 * Runs a task for each item and returns the results. It reads an item only when a task can start, so that any number of
 * items needs the memory of `concurrency` tasks. A result does not wait for the next item. A task must not reject.
 */
export async function* settle<Item, Result>(
  items: AsyncIterable<Item>,
  task: (item: Item, number: number) => Promise<Result>,
  { concurrency, isOrdered }: SettleOptions,
): AsyncGenerator<Result, void> {
  const iterator = items[Symbol.asyncIterator]()
  const readNext = async (): Promise<Read<Item>> => ({ item: await iterator.next() })
  const running = new Map<number, Promise<Done<Result>>>()
  let reading: Promise<Read<Item>> | undefined = readNext()
  for (let count = 0; reading !== undefined || running.size > 0;) {
    const tasks: readonly Promise<Done<Result>>[] = [...running.values()].slice(0, isOrdered ? 1 : undefined)
    const isFull = running.size >= concurrency
    const event = await Promise.race(reading === undefined || isFull ? tasks : [...tasks, reading])
    if ('number' in event) {
      running.delete(event.number)
      yield event.result
    } else if (event.item.done === true) reading = undefined
    else {
      const number = (count += 1)
      running.set(
        number,
        task(event.item.value, number).then((result) => ({ number, result })),
      )
      reading = readNext()
    }
  }
}

interface Read<Item> {
  readonly item: IteratorResult<Item, unknown>
}

interface Done<Result> {
  readonly number: number
  readonly result: Result
}
