// JSON values, and the two of them that the API writes in more than one way.

/**
 * Any JSON value; whole numbers that a double cannot hold are bigint (bigint.ts). Objects that pass the door are never
 * mutated, hence readonly.
 */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [key: string]: Json | undefined }

/** A quantity as written (`100m`, `1Gi`); numbers appear only before decoding. */
export type Quantity = string | number
/** A port or percentage: 80, "http", "25%". */
export type IntOrString = number | string
