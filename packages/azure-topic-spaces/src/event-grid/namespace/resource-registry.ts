import { invalidArgument } from '@antiphon/core/link'

/** Resources of one kind in a namespace, by name. */
export interface ResourceRegistry<A extends { readonly name: string }> {
  /** Adds a resource, or updates the one of its name. Throws `invalid-argument` if it is invalid, or the limit is reached. */
  readonly create: (resource: A) => A
  readonly get: (name: string) => A | undefined
  readonly list: () => readonly A[]
  readonly delete: (name: string) => void
}

/** What a registry is made from. */
export interface ResourceRegistryParts<A> {
  /** The kind of the resources, for errors. */
  readonly kind: string
  readonly limit?: number
  /** Throws if a resource is invalid. */
  readonly check: (resource: A) => unknown
  /** Called after a change. */
  readonly onChange: (name: string) => void
}

/** Creates an empty registry. */
export function resourceRegistry<A extends { readonly name: string }>({
  kind,
  limit = Infinity,
  check,
  onChange,
}: ResourceRegistryParts<A>): ResourceRegistry<A> {
  const resources = new Map<string, A>()
  return {
    create: (resource) => {
      const { name } = resource
      check(resource)
      if (!resources.has(name) && resources.size >= limit)
        throw invalidArgument(`cannot add ${kind} ${name}: there are ${limit} already, which is the limit`)
      resources.set(name, resource)
      onChange(name)
      return resource
    },
    get: (name) => resources.get(name),
    list: () => [...resources.values()],
    delete: (name) => {
      if (!resources.delete(name))
        throw invalidArgument(`cannot delete ${kind} ${name}: there is no ${kind} of that name`)
      onChange(name)
    },
  }
}
