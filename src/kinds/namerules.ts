// What names of objects may be, as apimachinery's api/validation/generic.go has it; a generateName is checked as if its suffix stood there.
import { dns1035Label, dns1123Label, dns1123Subdomain } from '../apimachinery/names.ts'

type NameRule = (name: string, prefix: boolean) => string[]

/** A generateName may end in a dash: the suffix follows. */
const masked = (name: string, prefix: boolean): string => (prefix && name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name)

/** NameIsDNSSubdomain: what most kinds want. */
export const subdomainName: NameRule = (name, prefix) => dns1123Subdomain(masked(name, prefix))
/** NameIsDNSLabel. */
export const labelName: NameRule = (name, prefix) => dns1123Label(masked(name, prefix))
/** NameIsDNS1035Label: Services. */
export const dns1035Name: NameRule = (name, prefix) => dns1035Label(masked(name, prefix))

/** ValidatePathSegmentName: anything that fits into a URL path; RBAC's kinds. */
export const pathSegmentName: NameRule = (name, prefix) => {
  if (prefix) return ['/', '%'].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`)
  if (name === '.' || name === '..') return [`may not be '${name}'`]
  return ['/', '%'].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`)
}
