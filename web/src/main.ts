// Puts the console on the page.

import "./app.css";
import { mount } from "svelte";
import App from "./view/App.svelte";

const target = document.getElementById("app");
if (target !== null) mount(App, { target });
