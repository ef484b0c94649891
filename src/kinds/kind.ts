// What a kind is: strategy, printed columns, describe. One file per kind fills this in; the generic registry, table,
// describer and contract tests read it.
// Names, scope and verbs of built-in kinds come from schemas/discovery.json (the API's own document); a kind's file
// says what the document cannot.
import type { User } from '../apimachinery/door.ts'
import type { FieldError } from '../apimachinery/field.ts'
import type { Draft, KubeObject } from '../apimachinery/object.ts'
import type { Versions } from '../apimachinery/versions.ts'

/** Given to strategies: the time, and the versions played. */
export interface StrategyContext {
  readonly now: number
  readonly versions: Versions
  /** A new random UUID. */
  readonly uuid: () => string
  /** Who asks, where the request says. */
  readonly user?: User
  /** The version in which the request spoke, where a kind has several: 'events.k8s.io/v1'. */
  readonly apiVersion?: string
  /** While an object is prepared: a warning about something that preparing removes from sight. */
  readonly warn?: (text: string) => void
}

/**
 * What the generic store asks of a kind; upstream's rest.RESTCreateStrategy and its siblings
 * (pkg/registry/<group>/<kind>/strategy.go), defaults from pkg/apis/<group>/<version>/defaults.go.
 */
export interface Strategy<T extends KubeObject> {
  /**
   * Fills in defaults on a private copy (SetDefaults_*). Runs on every decoded object: create, update, patch, and the
   * client's --dry-run=server.
   */
  readonly defaults?: (draft: Draft<T>) => void
  /** Before validation of a create: clears status, sets what the server owns (PrepareForCreate). */
  readonly prepareForCreate?: (draft: Draft<T>, ctx: StrategyContext) => void
  /**
   * Before validation of an update of the main resource: keeps the old status (the registry does that already), drops
   * disabled fields (PrepareForUpdate).
   */
  readonly prepareForUpdate?: (draft: Draft<T>, old: T, ctx: StrategyContext) => void
  /** The same for the status subresource, after the registry put the old spec and metadata back. */
  readonly prepareForStatusUpdate?: (draft: Draft<T>, old: T, ctx: StrategyContext) => void
  /** Loads what judging this object takes beyond the kind itself, before it is validated. */
  readonly needs?: (obj: T) => Promise<void> | undefined
  /** Field errors in upstream's order; ObjectMeta is validated by the registry before these (nameRule). */
  readonly validate?: (obj: T, ctx: StrategyContext) => FieldError[]
  readonly validateUpdate?: (obj: T, old: T, ctx: StrategyContext) => FieldError[]
  readonly validateStatusUpdate?: (obj: T, old: T, ctx: StrategyContext) => FieldError[]
  /** Texts for Warning headers (WarningsOnCreate, WarningsOnUpdate). */
  readonly warnings?: (obj: T, old: T | undefined, ctx: StrategyContext) => string[]
  /** What is wrong with a name, or nothing. Default: a DNS-1123 subdomain. `prefix`: it is a generateName. */
  readonly nameRule?: (name: string, prefix: boolean) => string[]
  /**
   * metadata.generation starts at 1 and moves with the spec. Default false: see facts.md 27. `also`: more that moves
   * it, beside spec.
   */
  readonly generation?: boolean | ((obj: T, old: T) => boolean)
  /** An empty list or map in the spec written moves the generation, though it is stored as none. */
  readonly emptiesCount?: boolean
  /** Refusals print an empty selector, or a template's empty labels, other than none. */
  readonly emptiesTold?: boolean
  /** PUT of an absent object creates it. */
  readonly allowCreateOnUpdate?: boolean
  /** PUT without resourceVersion is accepted (AllowUnconditionalUpdate). Default true. */
  readonly allowUnconditionalUpdate?: boolean
  /**
   * The kind has a status subresource whose fields the main resource must not write. Default: whether discovery lists
   * one.
   */
  readonly hasStatus?: boolean
  /**
   * Seconds of grace a deletion gets (pods); undefined: deleted at once. `requested` is gracePeriodSeconds of
   * DeleteOptions.
   */
  readonly grace?: (obj: T, requested: number | undefined) => number
  /** Fields that --field-selector may name besides metadata.name and metadata.namespace. */
  readonly selectableFields?: (obj: T) => Readonly<Record<string, string>>
  /**
   * The refusal of an unknown field selector: 'label' says `field label not supported: X`, 'kind' says `field label "X"
   * not supported for Kind`, 'known' lists what is known. Default 'known'.
   */
  readonly fieldSelectorError?: 'label' | 'kind' | 'known'
}

export interface CellContext {
  readonly now: number
}
/** A cell of the Table form. Dates are RFC 3339 in the API; the printers' AGE is text already, as upstream sends it. */
export type Cell = string | number | bigint | boolean | null

/**
 * A printed column (metav1.TableColumnDefinition with the function that fills it); priority 1 shows with -o wide only.
 */
export interface Column<T> {
  readonly name: string
  readonly type: 'string' | 'integer' | 'boolean' | 'number' | 'date'
  readonly format?: string
  readonly description?: string
  readonly priority?: number
  readonly cell: (obj: T, ctx: CellContext) => Cell
}

/** Where a describer writes: kubectl's PrefixWriter over a tabwriter. Columns inside a text are parted by tabs. */
export interface Lines {
  /** Writes `level` indents (two blanks each) and the text; no newline is added. */
  write(level: number, text: string): void
  /** Ends a block of aligned columns. */
  flush(): void
}

/**
 * What a describer may ask for besides its object. Resources are named group-less for core: 'pods', 'deployments.apps'.
 */
export interface DescribeContext {
  readonly now: number
  readonly versions: Versions
  readonly showEvents: boolean
  /** Undefined when not found or not allowed. */
  get<R extends KubeObject>(resource: string, namespace: string, name: string): Promise<R | undefined>
  list<R extends KubeObject>(
    resource: string,
    namespace: string,
    options?: { labelSelector?: string; fieldSelector?: string },
  ): Promise<readonly R[]>
  /**
   * The object's events, sorted as kubectl sorts them, or undefined when events are not shown. A refusal counts as none,
   * but where it is `needed`.
   */
  events(obj: KubeObject, needed?: boolean): Promise<readonly KubeObject[] | undefined>
}

/**
 * Another version of the same resource: what is stored and how one becomes the other
 * (pkg/apis/<group>/<version>/conversion.go).
 */
export interface Conversion {
  /** 'autoscaling/v2/HorizontalPodAutoscaler': what is stored. */
  readonly stored: string
  readonly toStored: (draft: Draft<KubeObject>) => Draft<KubeObject>
  readonly fromStored: (draft: Draft<KubeObject>) => Draft<KubeObject>
}

/** A kind, whole. */
export interface Kind<T extends KubeObject = KubeObject> {
  /** 'v1/Service', 'apps/v1/Deployment'. */
  readonly gvk: string
  readonly strategy: Strategy<T>
  /**
   * The half of the strategy that only writing needs, where it is large: loaded before an object of the kind is
   * written.
   */
  readonly writing?: () => Promise<Strategy<T>>
  /**
   * The Table form; NAME first. AGE is a column like any other (see columns.ts). Absent: Name and Created At, as the
   * server prints kinds without a printer.
   */
  readonly columns?: readonly Column<T>[]
  /** The order of rows in the Table of a list, where it is not that of names. */
  readonly rowOrder?: (a: T, b: T) => number
  /** More than one row per object is never needed; rows hidden from lists (completed Jobs' conditions) are. */
  readonly describe?: (obj: T, out: Lines, ctx: DescribeContext) => void | Promise<void>
  readonly conversion?: Conversion
}

/** A kind with its whole strategy, for one who writes. */
export async function forWriting(kind: Kind): Promise<Kind> {
  return kind.writing ? { ...kind, strategy: { ...kind.strategy, ...(await kind.writing()) } } : kind
}

/** A kind with its own type checked where it is written, and forgotten where it is listed. */
export function defineKind<T extends KubeObject>(kind: Kind<T>): Kind {
  return kind as Kind
}
