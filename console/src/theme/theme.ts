/** The Mantine theme: sizes, arrays of colours, and which of Mantine's variables point at ours (tokens.css). */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

const accent: MantineColorsTuple = [
  "#eef3fe",
  "#dde6fc",
  "#bbccf8",
  "#92adf3",
  "#698ceb",
  "#446cdf",
  "#2b54c8",
  "#2345a6",
  "#1c3783",
  "#152a62",
];
const gray: MantineColorsTuple = [
  "#fafaf9",
  "#f5f5f3",
  "#ecebe8",
  "#dfdeda",
  "#c9c7c2",
  "#a3a19b",
  "#6e6c66",
  "#55534e",
  "#383734",
  "#1d1c1a",
];
const dark: MantineColorsTuple = [
  "#e9e8e4",
  "#bdbbb5",
  "#98968f",
  "#7d7b75",
  "#33322f",
  "#292826",
  "#1f1f1d",
  "#171716",
  "#121211",
  "#0c0c0b",
];

const FADE = { transition: "fade", duration: 120, timingFunction: "ease-out" } as const;
const BUTTON_HEIGHT: Record<string, string> = { xs: "24px", sm: "28px", md: "32px", lg: "36px" };

export const theme = createTheme({
  colors: { accent, gray, dark },
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 3 },
  autoContrast: true,
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "0.6875rem", sm: "0.75rem", md: "0.8125rem", lg: "0.9375rem", xl: "1.25rem" },
  lineHeights: { xs: "1rem", sm: "1rem", md: "1.25rem", lg: "1.25rem", xl: "1.75rem" },
  spacing: { xs: "4px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  radius: { xs: "2px", sm: "4px", md: "6px", lg: "8px", xl: "8px" },
  shadows: {
    xs: "var(--shadow-sm)",
    sm: "var(--shadow-sm)",
    md: "var(--shadow-md)",
    lg: "var(--shadow-lg)",
    xl: "var(--shadow-lg)",
  },
  breakpoints: { xs: "30em", sm: "48em", md: "62em", lg: "68.75em", xl: "88em" },
  headings: { fontFamily: "var(--font)" },
  // By name and not by `Button.extend`: the theme stands before the first page, and would carry every part it names.
  components: {
    Button: {
      defaultProps: { variant: "default", size: "sm" },
      vars: (_theme: unknown, props: { size?: string; variant?: string }) => ({
        root: {
          "--button-height": BUTTON_HEIGHT[props.size ?? "sm"] ?? "28px",
          "--button-padding-x": props.variant === "subtle" ? "6px" : props.size === "xs" ? "8px" : "10px",
          "--button-fz": "var(--fs-sm)",
          // Mantine picks the letters' colour for the light ground only.
          ...(props.variant === "filled"
            ? { "--button-bg": "var(--act)", "--button-hover": "var(--act-hover)", "--button-color": "var(--on-act)" }
            : {}),
        },
      }),
    },
    ActionIcon: { defaultProps: { variant: "subtle", size: 28, color: "gray" } },
    Checkbox: { defaultProps: { size: "xs", iconColor: "var(--on-act)" } },
    Menu: { defaultProps: { transitionProps: FADE, shadow: "md" } },
    Modal: { defaultProps: { transitionProps: FADE, radius: "lg", shadow: "lg" } },
  },
});

const shared = {
  "--mantine-color-body": "var(--bg)",
  "--mantine-color-text": "var(--text)",
  "--mantine-color-dimmed": "var(--text3)",
  "--mantine-color-placeholder": "var(--text3)",
  "--mantine-color-error": "var(--red)",
  "--mantine-color-anchor": "var(--act)",
  "--mantine-color-default": "var(--raised)",
  "--mantine-color-default-hover": "var(--hover)",
  "--mantine-color-default-color": "var(--text)",
  "--mantine-color-default-border": "var(--line2)",
};

export const resolver: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared });
