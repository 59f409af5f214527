"""People's names of many cultures, written for the benchmark alone: none was taken from the detector's lists.

Latin names are (given, surname) pools of one culture each; which of their words the detector's lists happen to hold is
looked up when recall is reported, so that seen and unseen names stand apart.
"""

LATIN: dict[str, tuple[str, str]] = {
    "Anglo": (
        "James Mary Robert Linda Michael Susan David Karen Thomas Nancy Oliver Imogen Rupert Harriet Alistair "
        "Poppy Nigel",
        "Smith Johnson Brown Davis Clark Lewis Walker Ashworth Birtwistle Cholmondeley Eddowes Fanshawe "
        "Heathcote Wetherby",
    ),
    "Irish and Scottish": (
        "Siobhan Niamh Aoife Padraig Eoin Cormac Saoirse Fergus Ailsa Hamish Callum Morag",
        "O'Sullivan O'Dwyer McAllister MacGregor Gallacher Fitzgerald Kinsella McTavish Drummond Buchanan O'Callaghan",
    ),
    "Hispanic": (
        "Jose Maria Carlos Guadalupe Alejandro Ximena Esteban Rocio Ignacio Lucía Joaquín Pilar",
        "Garcia Martinez Lopez Hernandez Zamora Ibarra Echeverría Quintanilla Villaseñor Bustamante Peñaloza Urrutia",
    ),
    "Portuguese": (
        "João Thiago Beatriz Inês Gonçalo Catarina Rafael Leticia",
        "Silva Ferreira Carvalho Nogueira Magalhães Teixeira Figueiredo Guimarães",
    ),
    "German and Nordic": (
        "Jürgen Heike Wolfgang Annika Björn Ingrid Torsten Solveig Matthias Greta Lars Sigrid",
        "Müller Schröder Weiß Lindqvist Andersen Sørensen Hofstadter Brinkmann Vogelsang Rasmussen Eriksson Holgersson",
    ),
    "French and Italian": (
        "François Amélie Thierry Océane Giuseppe Chiara Lorenzo Ginevra Étienne Maëlle",
        "Dupont Lefebvre Boulanger Rousseau Esposito Ricciardi Lombardi Castellani Beaumont Fontaine",
    ),
    "Slavic": (
        "Dmitri Svetlana Wojciech Agnieszka Miroslav Ljubica Oksana Yevgeny Zdeněk Katarzyna",
        "Kowalczyk Novák Petrov Ivanova Szczepański Horvat Shevchenko Dvořák Jankovic Wiśniewska",
    ),
    "Indian": (
        "Priya Rajesh Ananya Venkatesh Lakshmi Arjun Deepika Suresh Kavitha Imran",
        "Patel Sharma Krishnamurthy Iyer Chatterjee Reddy Banerjee Subramanian Deshpande Gill",
    ),
    "Arabic and Persian": (
        "Fatima Yusuf Khadija Tariq Leila Mahmoud Noor Hossein Shirin Abdulrahman",
        "Haddad Khoury Hosseini Farouk Qureshi Mansour Tehrani Abboud Najjar Rahimi",
    ),
    "African": (
        "Adaeze Kwame Chinedu Thandiwe Oluwaseun Amina Kofi Nomvula Babajide Wanjiru",
        "Okonkwo Mensah Dlamini Adeyemi Mwangi Nkosi Okafor Boateng Diallo Achieng",
    ),
    "Vietnamese and Korean": (
        "Thuy Minh Huong Quang Jisoo Minjun Seoyeon Hyunwoo Linh Eunji",
        "Nguyen Tran Pham Hoang Kim Park Choi Jeong Vuong Dang",
    ),
    "Japanese": (
        "Haruto Sakura Kenji Yumiko Takeshi Ayaka Hiroshi Natsuki",
        "Tanaka Yamamoto Watanabe Kobayashi Fujiwara Nakagawa Hashimoto Ishikawa",
    ),
    "Chinese in Latin letters": (
        "Wei Xiaoming Jing Haoran Meiling Zhiqiang Yuxuan Lihua",
        "Zhang Wang Li Chen Zhao Huang Xu Ouyang Zheng Qian",
    ),
    "Polynesian and Turkish": (
        "Tevita Sione Mele Leilani Mehmet Ayşe Emre Zeynep",
        "Faleolo Tupou Kahananui Yılmaz Demir Özdemir Taufa Kaplan",
    ),
}
CHINESE_SURNAMES = (
    *"王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文",
    *("欧阳", "上官", "司马", "诸葛"),
)
CHINESE_GIVEN = [
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "秀英",
    "丽",
    "强",
    "磊",
    "洋",
    "艳",
    "勇",
    "军",
    "杰",
    "娟",
    "涛",
    "超",
    "秀兰",
    "霞",
    "平",
    "建国",
    "志强",
    "淑珍",
    "玉兰",
    "海燕",
    "子涵",
    "梓轩",
    "雨桐",
    "思源",
    "俊豪",
    "嘉怡",
    "浩然",
    "若曦",
    "一诺",
    "宇航",
    "佳琪",
    "晓东",
    "春梅",
    "桂英",
    "红梅",
    "国庆",
    "文博",
    "立新",
    "振华",
    "美玲",
    "雪梅",
    "永福",
    "德胜",
    "金凤",
    "婉清",
    "承志",
    "煜城",
    "瑾瑜",
    "沐阳",
    "书瑶",
    "景行",
    "忆安",
    "知远",
    "小龙",
    "凯",
    "鹏",
    "琳",
    "斌",
    "颖",
    "旭",
    "倩",
    "莹",
    "博文",
    "云飞",
    "向阳",
]
