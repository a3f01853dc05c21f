"""How the app looks: one calm theme, light and dark, with a Hangul font stack that asks no other host."""

import gradio as gr

FONT = (
    "ui-sans-serif",
    "system-ui",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "Noto Sans KR",
    "Noto Sans CJK KR",
    "sans-serif",
)
# 16 px on a phone, 18 on a laptop of 1366, 20 on a projector of 1920: read from the last row of a classroom. What is
# small beside it is 16 and 18 there, and nothing smaller than 14.
TEXT = gr.themes.Size(
    name="classroom",
    xxs="14px",
    xs="clamp(14px, 9.07px + 0.361vw, 16px)",
    sm="clamp(14px, 11.07px + 0.361vw, 18px)",
    md="clamp(16px, 13.07px + 0.361vw, 20px)",
    lg="clamp(18px, 15.07px + 0.361vw, 22px)",
    xl="clamp(22px, 19.07px + 0.361vw, 26px)",
    xxl="clamp(26px, 23.07px + 0.361vw, 30px)",
)
MONO = ("ui-monospace", "SFMono-Regular", "Consolas", "D2Coding", "monospace")


def theme() -> gr.themes.Base:
    """The theme for `launch(theme=...)`."""
    return gr.themes.Default(
        primary_hue=gr.themes.colors.blue,
        secondary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.slate,
        text_size=TEXT,
        radius_size=gr.themes.sizes.radius_md,
        font=FONT,
        font_mono=MONO,
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        # small print stays readable on a projector: at least 4.5 to 1 against its ground
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_300",
        block_shadow="none",
        block_border_color="*neutral_200",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
    )
