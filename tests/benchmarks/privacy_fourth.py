"""A fourth set of names and sentences, held out at first and then used to mend the detector as well.

On first sight: recall of names 0.994 (en; lower end of the Wilson interval 0.983) and 0.878 (zh; 0.846), seed 4, 500
each. What it missed in Chinese guided the choice of jieba and its rules. Whoever wrote these sentences also knew the
detector: real notes will differ more.
"""

LATIN_GIVEN = (
    "Aurelio Brunhilde Cosimo Desta Emeka Faustina Gorana Hadiza Isolde Joakim Kwabena Liesbeth Mirela Nkechi "
    "Orsolya Piotr Quirina Rumiko Sunniva Tsegaye Ugochi Viveca Wilfredo Xochitl Yuriko Zbigniew Amrita "
    "Bronagh Cillian Dorotea Edurne Fadila Gustavsen Hyejin Iolanda Jelena Karthik Lucretia Mbali Natsumi "
    "Oonagh Pradeep Rukhsana Seung Tuan Ursa Vytautas Winnifred Yannick Zainab"
)
LATIN_SURNAMES = (
    "Achterberg Bandyopadhyay Calatrava Dragomir Eberhardt Feuerstein Grabowski Hemingsworth Ilunga "
    "Jovanovska Kagwanja Llewelyn Mukherjee Nakashima Obradović Pietrangeli Quiñones Rautavaara Szymborska "
    "Tagliaferri Usmanov Venkataraman Wickramasinghe Ximenes Yamashita Zukauskas Ashdown Bickerstaff "
    "Carmichaels Dalrymple Etchegaray Fagbenle Gutenmacher Hovhannisyan Inoue Janssens Kiplagat Lamprecht "
    "Mbeki Niedermeyer Oyelaran Penhaligon Ransome Sorensdatter Tuckwell Urquhart Vanterpool Winterbourne "
    "Yeboah Zampieri"
)
ENGLISH = (
    "Informed consent was obtained from {x} prior to sedation.",
    "{x} called the nurse line at midnight.",
    "{x} reports that the cough is better.",
    "Discharge instructions given to {x} and her brother.",
    "Spoke to {x} about {term}.",
    "Examined by {x}, CRNP.",
    "Operating surgeon {x} was paged.",
    "Telephone encounter: {x} wants a refill.",
    "Grandmother, {x}, has custody.",
    "This 58-year-old man, {x}, was found on the floor.",
    "As {x} explained, the pain is worse at night.",
    "Bed 12, {x}: stable overnight.",
    "Pt. seen and discussed with Dr. {x}.",
    "Copy to {x}, general practitioner",
    "{x} was referred to neurology for {term}.",
    "Transfer accepted by {x}.",
    "Mrs. {x} fell in the bathroom.",
    "Follow-up with {x} in six weeks.",
    "Informant: {x}",
    "Insured person: {x}",
    "Guarantor {x} failed to pay.",
    "Payee: {x}",
    "Approved by {x}, branch manager.",
    "{x} transferred the shares to a trust.",
    "Client {x} complained about the fee.",
    "Meeting notes, attendees: {x} and others.",
    "{x}, chief risk officer, declined to comment.",
    "The loan was signed by {x}.",
    "{x} et al. v. Northern Rail Ltd.",
    "Petitioner {x} asks the court to reconsider.",
    "On cross-examination {x} admitted the error.",
    "We reverse the conviction of {x}.",
    "The lease between {x} and the city expired.",
    "{x} was sentenced to two years.",
    "Ms {x}'s appeal is dismissed.",
    "Solicitor: {x}",
    "The claimant is {x}.",
    "It was {x} who drafted the contract.",
    "Custody was granted to {x}.",
    "{x}, being duly sworn, states as follows.",
    "Learner: {x}, year 5",
    "Report card of {x}",
    "Marked by {x}",
    "{x} forgot to carry the one.",
    "Ask {x} to show the working.",
    "Well done, {x}!",
    "Guardian of {x} notified.",
    "Group leader: {x}",
    "{x} answered question 3 correctly.",
    "Best wishes,\n{x}",
)
CHINESE_GIVEN = (
    "霁月 鸿儒 秋菊 晓棠 德全 灵犀 伯韬 玉洁 景明 翠芝 佑安 思懿 长河 昭华 志杰 韶华 梦瑶 修远 绮罗 正阳 "
    "福根 惠兰 庆丰 泽楷 颂恩 婧怡 根生 桂香 立群 沛霖 之遥 舒雅 彦博 秀珍 满仓 静宜 云帆 鹏程 苏叶 晴川 "
    "岩 蓉 琛 钰 彬 茜 珺 韬 烨 黎 冉 晖 洁 笛 澜 颂 桐 骞 绮 皓"
)
CHINESE_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
CHINESE = (
    "患者{x}，男性，退休工人，因{term}就诊。",
    "门诊患者{x}诉乏力两周。",
    "新入院患者{x}，生命体征平稳。",
    "今日{x}体温正常。",
    "患者丈夫{x}陪诊。",
    "患者之妻{x}签字同意手术。",
    "{x}入院后予以补液。",
    "{x}拒绝进一步检查。",
    "为{x}行腹腔镜手术。",
    "对{x}进行了心理疏导。",
    "{x}医师会诊意见：继续观察。",
    "主诊医师：{x}",
    "带教老师：{x}",
    "值班护士：{x}",
    "查对者：{x}",
    "开单医生：{x}",
    "首诊医生{x}",
    "放射科{x}医生出具报告。",
    "床号5 {x} 女",
    "送检人：{x}",
    "营养师{x}制定食谱。",
    "家属代表：{x}",
    "{x}，男，1岁，反复咳嗽。",
    "转告{x}按时服药。",
    "原告{x}与被告某公司劳动争议一案。",
    "被告：{x}，女，个体户。",
    "被告人{x}系累犯。",
    "上诉人{x}的上诉理由不能成立。",
    "申请再审人{x}。",
    "被申请人{x}未提交意见。",
    "罪犯{x}在服刑期间表现良好。",
    "异议人：{x}",
    "鉴定人{x}到庭接受询问。",
    "法官{x}主持调解。",
    "代理审判员：{x}",
    "辩护律师{x}认为证据不足。",
    "{x}驾车与他人相撞。",
    "{x}辩称其已还清全部款项。",
    "证明人：{x}",
    "见证人{x}在场。",
    "依法传唤{x}到案。",
    "由{x}抚养婚生子。",
    "{x}持有该公司三成股份。",
    "转账给{x}三千元。",
    "付款人：{x}",
    "开户人{x}",
    "经办柜员：{x}",
    "股东{x}提出质疑。",
    "总经理{x}宣布裁员。",
    "贷款申请人{x}信用良好。",
    "投资者{x}要求赎回。",
    "学员：{x}",
    "{x}同学的答案是错的。",
    "{x}这次考了九十分。",
    "请{x}同学到黑板前演算。",
    "辅导老师：{x}",
    "阅卷人：{x}",
    "同桌{x}帮他检查。",
    "学生家长{x}来电。",
    "{x}在课堂上积极发言。",
    "此致 敬礼\n{x}",
    "你好，我是{x}。",
)
