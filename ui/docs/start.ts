/** Shows the router's own OpenAPI description; everything comes from this server. */
import "./page.css";

interface SwaggerOptions {
  url: string;
  dom_id: string;
  deepLinking: boolean;
  validatorUrl: null;
}

declare global {
  interface Window {
    SwaggerUIBundle?: (options: SwaggerOptions) => unknown;
  }
}

const style = document.createElement("link");
style.rel = "stylesheet";
style.href = "/static/docs/swagger-ui.css";
document.head.prepend(style);

const bundle = document.createElement("script");
bundle.src = "/static/docs/swagger-ui-bundle.js";
bundle.addEventListener("load", () => {
  // The online validator would send the description to somebody else.
  window.SwaggerUIBundle?.({
    url: "/api/v1/openapi.json",
    dom_id: "#description",
    deepLinking: true,
    validatorUrl: null,
  });
});
document.head.append(bundle);
