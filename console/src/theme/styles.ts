// Only the parts of Mantine that stand on the first page, in a cascade layer below our own rules. A part that stands on
// another comes after it (Button on UnstyledButton). Menus, dialogs and drawers bring their style with their chunk.
import "./layers.css";
import "@mantine/core/styles/baseline.layer.css";
import "@mantine/core/styles/default-css-variables.layer.css";
import "@mantine/core/styles/global.layer.css";
import "@mantine/core/styles/UnstyledButton.layer.css";
import "@mantine/core/styles/CloseButton.layer.css";
import "@mantine/core/styles/Loader.layer.css";
import "@mantine/core/styles/Input.layer.css";
import "@mantine/core/styles/ActionIcon.layer.css";
import "@mantine/core/styles/Button.layer.css";
import "./tokens.css";
import "./base.css";
