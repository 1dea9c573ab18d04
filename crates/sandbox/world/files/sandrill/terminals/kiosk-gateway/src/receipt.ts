import Handlebars from "handlebars";

const template = Handlebars.compile("Sandrill\n{{route}}\n{{amount}} {{currency}}\n");

export function receipt(values: { route: string; amount: string; currency: string }): string {
  return template(values);
}
