/** Where one can go. Only pages that exist. */
import {
  IconAdjustmentsHorizontal,
  IconAlertTriangle,
  IconHome,
  IconLayoutGrid,
  type TablerIcon,
} from "@tabler/icons-react";

export type Place = {
  to: "/" | "/catalog" | "/problems" | "/settings";
  label: string;
  icon: TablerIcon;
  key: string;
  search?: { kind: string[] };
};

export const PLACES: readonly Place[] = [
  { to: "/", label: "Home", icon: IconHome, key: "g h" },
  { to: "/catalog", label: "Catalog", icon: IconLayoutGrid, key: "g c", search: { kind: ["component"] } },
  { to: "/problems", label: "Problems", icon: IconAlertTriangle, key: "g p" },
];

export const SETTINGS: Place = { to: "/settings", label: "Settings", icon: IconAdjustmentsHorizontal, key: "g s" };

export function isAt(place: Place, path: string): boolean {
  return place.to === "/" ? path === "/" : path === place.to || path.startsWith(`${place.to}/`);
}
