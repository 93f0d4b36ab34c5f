// The look of what stands on the shop's own page: the button, its badge and the panel around the iframe.

export const look = (accent: string, ink: string, side: string) => `:host{all:initial}
*{box-sizing:border-box;transition:.18s}
button{position:fixed;bottom:20px;${side}:20px;z-index:2147483001;width:56px;height:56px;padding:0;border:0;
border-radius:50%;background:${accent};color:${ink};cursor:pointer;display:grid;place-items:center;
box-shadow:0 8px 24px #0004}
button:hover{transform:translateY(-2px)}
:focus-visible{outline:3px solid ${ink};outline-offset:-6px}
svg{grid-area:1/1;width:26px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.x,.open .c{opacity:0;transform:rotate(-45deg) scale(.6)}
.open .x{opacity:1;transform:none}
b{position:absolute;top:-3px;right:-3px;min-width:22px;padding:0 6px;border-radius:11px;background:#c5221f;color:#fff;
font:600 13px/22px system-ui}
b:empty{display:none}
iframe{position:fixed;z-index:2147483000;${side}:20px;bottom:92px;width:392px;max-width:calc(100vw - 40px);
height:min(680px,100dvh - 116px);border:0;border-radius:18px;box-shadow:0 0 0 1px #0001,0 16px 56px #0004}
.shut{opacity:0;visibility:hidden;transform:translateY(12px)}
@media (max-width:480px),(max-height:480px){iframe{inset:0;width:100%;max-width:none;height:100dvh;border-radius:0}
.open{visibility:hidden}}
@media (prefers-reduced-motion){*{transition:none}}
@media print{:host{display:none}}`;
