"use strict";
(() => {
  const place = document.getElementById("interface");
  if (!place) return;
  SwaggerUIBundle({ url: place.dataset.source, domNode: place, deepLinking: true, tryItOutEnabled: true, validatorUrl: null, defaultModelsExpandDepth: 0, syntaxHighlight: { activated: false } });
})();
