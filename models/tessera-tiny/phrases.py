"""The words of questions and answers, in English and Chinese. In a question, [brackets] mark the words that refer to things."""

from scenes import NAMES, SHAPES

SHAPES_ZH = dict(zip(SHAPES, ["圆形", "正方形", "三角形", "星形", "心形", "十字形", "圆环", "菱形"]))
COLORS_ZH = dict(zip(NAMES, ["红色", "橙色", "黄色", "绿色", "蓝色", "紫色", "粉色", "棕色", "黑色", "白色", "灰色"]))

CANNOT = ("I was trained only on drawn shapes, and cannot tell.", "我只学过绘制的图形，看不出来。")
NO_IMAGE = ("There is no image. Please send me a picture.", "没有图片。请发一张图片给我。")
HELLO = ("Hello! Ask me about the picture.", "你好！请问我关于图片的问题。")

ZONES = [
    ("Top left.", "左上。"), ("Top.", "上方。"), ("Top right.", "右上。"),
    ("Left.", "左边。"), ("Middle.", "中间。"), ("Right.", "右边。"),
    ("Bottom left.", "左下。"), ("Bottom.", "下方。"), ("Bottom right.", "右下。"),
]  # fmt: skip

BACKGROUND = (
    ["What color is the [background]?", "What is the [background] color?", "Which color is the [background]?"],
    ["[背景]是什么颜色？", "[背景]颜色是什么？"],
)
DESCRIBE = (
    ["Describe the picture.", "Describe this image.", "What is in this image?", "What do you see?", "What is in the picture?", "What is this?"],
    ["描述这张图片。", "这张图里有什么？", "你看到了什么？", "图片里有什么？", "这是什么？"],
)
COUNT_ALL = (
    ["How many [shapes] are there?", "How many [objects] are there?", "Count the [shapes].", "How many [shapes] do you see?"],
    ["有几个[图形]？", "图中有多少个[图形]？", "一共有几个[图形]？"],
)
COUNT_SHAPE = (
    ["How many [{}] are there?", "How many [{}] do you see?", "Count the [{}]."],
    ["有几个[{}]？", "图中有多少个[{}]？"],
)
COUNT_COLOR = (
    ["How many [{}] shapes are there?", "How many shapes are [{}]?", "How many [{}] objects are there?"],
    ["有几个[{}]的图形？", "[{}]的图形有几个？"],
)
SHAPE_ONLY = (
    ["What shape is [this]?", "What shape is [it]?", "Which [shape] is shown?", "What is the [shape]?", "What shape do you [see]?"],
    ["[这]是什么形状？", "图中是什么[形状]？", "[它]是什么形状？"],
)
SHAPE_OF = (
    ["What shape is the [{}] one?", "What shape is [{}]?", "Which shape is [{}]?", "What is the [{}] shape?", "What shape is the [{}] object?"],
    ["[{}]的是什么形状？", "[{}]的图形是什么形状？", "哪个图形是[{}]的？"],
)
COLOR_ONLY = (
    ["What color is [it]?", "What color is the [shape]?", "What color is [this]?"],
    ["[它]是什么颜色？", "[图形]是什么颜色？"],
)
COLOR_OF = (
    ["What color is the [{}]?", "Which color is the [{}]?", "What is the color of the [{}]?", "What colour is the [{}]?"],
    ["[{}]是什么颜色？", "[{}]的颜色是什么？"],
)
WHERE = (
    ["Where is the [{}]?", "Where in the picture is the [{}]?", "In which part of the picture is the [{}]?"],
    ["[{}]在哪里？", "[{}]在什么位置？"],
)
LEFT_OR_RIGHT = (
    ["Is the [{}] left or right of the [{}]?", "Is the [{}] to the left or to the right of the [{}]?"],
    ["[{}]在[{}]的左边还是右边？"],
)
ABOVE_OR_BELOW = (
    ["Is the [{}] above or below the [{}]?", "Is the [{}] higher or lower than the [{}]?"],
    ["[{}]在[{}]的上面还是下面？"],
)
IS_THERE = (
    ["Is there [{}]?", "Do you see [{}]?", "Is there [{}] in the picture?"],
    ["有[{}]吗？", "图中有没有[{}]？"],
)
SIDES = {"left": ("Left.", "左边。"), "right": ("Right.", "右边。"), "above": ("Above.", "上面。"), "below": ("Below.", "下面。")}

SIZE_OF = (
    ["What size is the [{}]?", "How big is the [{}]?", "Is the [{}] small, medium or large?"],
    ["[{}]有多大？", "[{}]是大的、中等的还是小的？"],
)
SIZES = [("Small.", "小的。"), ("Medium.", "中等的。"), ("Large.", "大的。")]
LARGEST = (
    ["Which shape is the [largest]?", "What is the [largest] shape?", "Which object is the [biggest]?", "What is the [biggest] object?"],
    ["哪个图形[最大]？", "[最大]的图形是什么？"],
)
SMALLEST = (
    ["Which shape is the [smallest]?", "What is the [smallest] shape?", "Which object is the [smallest]?"],
    ["哪个图形[最小]？", "[最小]的图形是什么？"],
)
BIGGER = (
    ["Which is bigger, the [{}] or the [{}]?", "Which is larger, the [{}] or the [{}]?"],
    ["[{}]和[{}]哪个大？", "哪个更大，[{}]还是[{}]？"],
)

HIGHEST = (["Which bar is the [highest]?", "Which bar is the [tallest]?", "What is the [highest] bar?"], ["哪根柱子[最高]？", "[最高]的柱子是哪根？"])
LOWEST = (["Which bar is the [lowest]?", "Which bar is the [shortest]?", "What is the [lowest] bar?"], ["哪根柱子[最低]？", "[最低]的柱子是哪根？"])
HIGHER = (["Is the [{}] bar higher or lower than the [{}] bar?"], ["[{}]的柱子比[{}]的高还是低？"])
HEIGHTS = (("Higher.", "高。"), ("Lower.", "低。"))
COUNT_BARS = (["How many [bars] are there?", "Count the [bars].", "How many [bars] do you see?"], ["有几根[柱子]？", "图中有多少根[柱子]？"])

VALUE_OF = (["What is the value of [{}]?", "How high is [{}]?"], ["[{}]的值是多少？"])
LABEL_OF = (["What is the label of the [{}] bar?", "What is written under the [{}] bar?"], ["[{}]的柱子下面写着什么？"])
HIGHEST_LABEL = (["Which label has the [highest] bar?", "What is the label of the [highest] bar?"], ["[最高]的柱子下面写着什么？"])
LOWEST_LABEL = (["Which label has the [lowest] bar?", "What is the label of the [lowest] bar?"], ["[最低]的柱子下面写着什么？"])
READ = (
    ["What does it say?", "Read the text.", "What is written here?", "What is written in the picture?"],
    ["写的是什么？", "读出文字。", "图中写着什么？"],
)

OFF_TOPIC = (
    [
        "Who painted this?", "Where was this photo taken?", "What is the person doing?", "What breed is the dog?", "Who is this?",
        "What is the capital of France?", "Write a poem about it.", "How old is the man?", "What time is it?", "What brand is this?",
        "How many people are there?", "What is the weather like?", "Tell me a joke.", "What car is this?", "Translate this to French.",
        "What food is this?", "Write code to sort a list.", "Which city is this?", "What year was it made?", "What animal is this?",
        "What does it say?", "Read the text.", "What is written here?", "What does the sign say?", "Who wrote this?",
    ],
    [
        "这是谁画的？", "这张照片是在哪里拍的？", "这个人在做什么？", "这是什么动物？", "他是谁？", "写一首诗。", "现在几点？",
        "天气怎么样？", "这是什么车？", "讲个笑话。", "有多少人？", "这是哪个城市？", "写的是什么？", "读出文字。",
    ],
)  # fmt: skip
GREETINGS = (
    ["Hello", "Hi", "Hey there", "Hello!", "Good morning", "Hi, how are you?", "Thanks", "Thank you!", "Who are you?", "What can you do?", "Help"],
    ["你好", "您好", "你好！", "早上好", "谢谢", "你是谁？", "你能做什么？"],
)


def article(noun: str) -> str:
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def plural(noun: str) -> str:
    return noun + ("es" if noun == "cross" else "s")


def sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."
