// The shop's own script: tells the chat what the customer looks at. Calls made before the chat has loaded wait.
window.omni = window.omni || function () { (window.omni.q = window.omni.q || []).push(arguments); };

const ask = (context) => {
  window.omni("setContext", context);
  window.omni("open");
};

for (const button of document.querySelectorAll("[data-product]")) {
  button.addEventListener("click", () => ask({ product: button.dataset.product }));
}
for (const button of document.querySelectorAll("[data-order]")) {
  button.addEventListener("click", () => ask({ order: button.dataset.order }));
}
for (const button of document.querySelectorAll("[data-open]")) {
  button.addEventListener("click", () => window.omni("open"));
}
