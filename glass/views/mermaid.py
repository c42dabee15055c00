"""A Mermaid picture as an output of a cell."""

import os
import re


def bundle(picture: str, text: str) -> dict[str, str]:
    """Its forms by media type: the picture, and the same in words.

    JupyterLab draws text/vnd.mermaid. Where the environment says GLASS_MERMAID=markdown it comes as
    Markdown instead, for pages that draw Mermaid only there, such as those of jupyterlab-rise.
    """
    if os.environ.get("GLASS_MERMAID") == "markdown":
        # Their Mermaid is older, and takes the direction of an erDiagram for two more entities.
        plain = re.sub(r"^(erDiagram\n)\s+direction \w+\n", r"\1", picture)
        return {"text/markdown": f"```mermaid\n{plain}\n```", "text/plain": text}
    return {"text/vnd.mermaid": picture, "text/plain": text}
